using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>Ids of what was logged, in order.</summary>
internal sealed class CollectedLog : ILogger
{
    private readonly List<int> ids = [];

    public int[] Ids
    {
        get
        {
            lock (ids)
                return [.. ids];
        }
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (ids)
            ids.Add(eventId.Id);
    }
}
