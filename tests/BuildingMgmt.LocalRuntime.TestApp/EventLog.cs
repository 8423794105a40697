using Microsoft.Extensions.Configuration;

namespace BuildingMgmt.LocalRuntime.TestApp;

/// <summary>Writes each received event, and each run of the timer, as one line of the file that setting <c>EventLog</c> names.</summary>
public sealed class EventLog(IConfiguration configuration)
{
    private readonly Lock _lock = new();

    public void Write(IEnumerable<string> lines)
    {
        lock (_lock)
            File.AppendAllLines(configuration["EventLog"]!, lines);
    }
}
