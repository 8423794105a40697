using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint.Log;

/// <summary>Removes events that are older, or more, than a partition may keep, a segment at a time; looks every ten seconds.</summary>
internal sealed class Retention : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    private readonly IReadOnlyList<PartitionLog> _partitions;
    private readonly LogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _removing = new();
    private readonly ITimer _timer;
    private bool _stopped;

    /// <param name="options">What each of the partitions may keep.</param>
    public Retention(IReadOnlyList<PartitionLog> partitions, LogOptions options, TimeProvider time, ILogger logger)
    {
        _partitions = partitions;
        _options = options;
        _time = time;
        _logger = logger;
        _timer = time.CreateTimer(_ => RemoveExpired(), null, Period, Period);
    }

    public void RemoveExpired()
    {
        foreach (var partition in _partitions)
        {
            try
            {
                RemoveExpired(partition);
            }
            catch (Exception failure)
            {
                // Nobody is above a timer: whatever it is would end the process, and the other partitions are still to be looked after.
                _logger.RetentionFailed(failure, partition.Id);
            }
        }
    }

    /// <summary>Waits for a removal that is under way; afterwards no file is deleted any more.</summary>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_removing)
            _stopped = true;
    }

    private void RemoveExpired(PartitionLog partition)
    {
        var oldestMs = (_time.GetUtcNow() - _options.RetentionAge).ToUnixTimeMilliseconds();
        lock (_removing)
        {
            // A disposed timer may still have a callback on its way, and the folder may belong to another process by then.
            if (_stopped)
                return;
            // Only whole segments go, and never the one that is written.
            if (partition.End is var now && now.LastTimeMs < oldestMs && !now.IsEmpty)
                partition.SealSegment();
            while (partition.End is { Segments.Length: > 1 } end && IsExpired(end, oldestMs))
                partition.RemoveOldestSegment();
        }
    }

    /// <summary>Whether the oldest segment is to go.</summary>
    private bool IsExpired(LogEnd end, long oldestMs)
    {
        var lastOfFirstMs = end.Segments[1].BaseTimeMs;
        var kept = end.EndOffset - end.Segments[0].BaseOffset;
        return lastOfFirstMs < oldestMs || kept > (_options.RetentionBytes ?? long.MaxValue);
    }
}
