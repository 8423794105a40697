using BuildingMgmt.EventHubsEndpoint.Log;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Log;

/// <summary>A partition's folder, opened again and again as by one process after another.</summary>
internal sealed class LogFolder : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero)) { AutoAdvanceAmount = TimeSpan.Zero };

    public LogOptions Options { get; init; } = new() { Fsync = false };

    public string Path => _scratch.Path;

    public IEnumerable<string> Segments => Directory.EnumerateFiles(Path, "*.log").Order();

    public PartitionLog Open() => PartitionLog.Open("0", Path, Options, Time, NullLogger.Instance);

    /// <summary>Removes what the options say may not be kept.</summary>
    public void RemoveExpired(PartitionLog log)
    {
        using var retention = new Retention([log], Options, Time, NullLogger.Instance);
        retention.RemoveExpired();
    }

    public void Dispose() => _scratch.Dispose();
}

internal static class PartitionLogExtensions
{
    /// <summary>Appends events one by one and waits until they are stored.</summary>
    public static async Task StoreAsync(this PartitionLog log, params IEnumerable<string> bodies)
    {
        foreach (var body in bodies)
        {
            var append = Encoded.Append(Encoded.Event(body));
            log.Append(append);
            Assert.Null(await append.Outcome);
        }
    }

    /// <summary>All that can be read from a position on.</summary>
    public static List<(long SequenceNumber, string Body)> Read(this PartitionLog log, StartPosition from = default)
    {
        using var reader = new LogReader(log, from);
        var events = new List<(long, string)>();
        while (reader.TryRead(out var stored))
            events.Add((stored.SequenceNumber, Encoded.Body(stored.Message)));
        return events;
    }
}
