using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint.Log;

/// <summary>
/// The events of one partition, in segment files. <see cref="GroupCommit"/> writes them; readers take them from the files, up to what
/// is safely stored.
/// </summary>
internal sealed class PartitionLog : IDisposable
{
    private readonly string _folder;
    private readonly LogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly GroupCommit _commits;

    private readonly SegmentWriter _writer;

    // Read by anybody at any time; changed under _moving, because the writing thread moves its end while retention takes segments
    // from its front, and neither may undo what the other did.
    private volatile LogEnd _end;
    private readonly Lock _moving = new();

    private PartitionLog(string id, string folder, LogOptions options, TimeProvider time, ILogger logger, SegmentWriter writer, LogEnd end)
    {
        Id = id;
        _folder = folder;
        _options = options;
        _time = time;
        _logger = logger;
        _writer = writer;
        _end = end;
        _commits = new GroupCommit($"partition {id}", Store);
    }

    public string Id { get; }

    /// <summary>What may be read now.</summary>
    public LogEnd End => _end;

    /// <summary>Raised on the writing thread after <see cref="End"/> moved; a handler only wakes somebody.</summary>
    public event Action? Grown;

    /// <summary>Opens or creates the log in a folder, and cuts off what a crash left unfinished at its end.</summary>
    public static PartitionLog Open(string id, string folder, LogOptions options, TimeProvider time, ILogger logger)
    {
        Directory.CreateDirectory(folder);
        var segments = Segment.List(folder);
        if (segments.Length == 0)
            segments = [Segment.Create(folder, 0, 0, 0)];

        var active = segments[^1];
        var index = new SegmentIndex();
        var scan = File.Exists(active.Path)
            ? SegmentScan.Run(active, index)
            : new SegmentScan(0, active.BaseSequenceNumber, null, null, active.BaseTimeMs);
        var writer = new SegmentWriter(active, index, scan, options.Fsync);
        if (writer.CutBytes > 0)
            logger.TornTailCut(id, writer.CutBytes, active.Path);

        var endOffset = active.BaseOffset + scan.Bytes;
        // Of a last event that retention has removed, only the place is known: nothing lies between it and the end.
        var lastOffset = scan.LastOffset ?? (scan.NextSequenceNumber > 0 ? endOffset - 1 : null);
        var end = new LogEnd(segments, scan.NextSequenceNumber, endOffset, lastOffset, scan.LastTimeMs);
        return new PartitionLog(id, folder, options, time, logger, writer, end);
    }

    /// <summary>Takes events for storing; returns at once. Its outcome is called in every case, before <see cref="Dispose"/> returns.</summary>
    public void Append(PendingAppend append) => _commits.Add(append);

    /// <summary>The index by which to find a place in a segment.</summary>
    public SegmentIndex IndexOf(Segment segment) =>
        _writer.Index is var (current, index) && current == segment ? index : SegmentIndex.Load(segment);

    /// <summary>Ends the current segment behind all that was taken, if anything is in it; returns at once.</summary>
    public void SealSegment()
    {
        if (_writer.Bytes > 0)
            Append(new SealRequest());
    }

    /// <summary>
    /// Deletes the oldest segment, but never the one that is written. Readers that were in it go on from the oldest that is left. One caller
    /// at a time.
    /// </summary>
    /// <remarks>When it throws, the segment is still the partition's: it may be removed later, and the next one is not before it.</remarks>
    public void RemoveOldestSegment()
    {
        Segment oldest;
        lock (_moving)
        {
            if (_end.Segments is not [var first, _, ..])
                throw new InvalidOperationException($"Partition {Id} has no segment but the one that is written.");
            oldest = first;
            _end = _end with { Segments = _end.Segments[1..] };
        }
        try
        {
            File.Delete(oldest.IndexPath);
            File.Delete(oldest.Path);
        }
        catch
        {
            lock (_moving)
                _end = _end with { Segments = [oldest, .. _end.Segments] };
            throw;
        }
        _logger.SegmentRemoved(Id, oldest.Path);
    }

    /// <summary>Stores and answers what was taken, then stops.</summary>
    public void Dispose()
    {
        _commits.Dispose();
        _writer.Dispose();
    }

    /// <returns>Why nothing was stored, or null.</returns>
    private string? Store(List<PendingAppend> group)
    {
        try
        {
            RollIfDue(group.Any(append => append is SealRequest));
            var nowMs = Math.Max(_time.GetUtcNow().ToUnixTimeMilliseconds(), _end.LastTimeMs);
            var stored = _writer.Store(group, _end, nowMs);
            if (stored.NextSequenceNumber == _end.NextSequenceNumber)
                return null;
            // Retention may have taken segments away meanwhile; only the end is ours.
            lock (_moving)
                _end = stored with { Segments = _end.Segments };
        }
        catch (Exception failure)
        {
            // Whatever it was (too large a file is an ArgumentException), the partition must go on with the next group.
            _logger.StoreFailed(failure, Id);
            return failure.Message;
        }
        Grown?.Invoke();
        return null;
    }

    private void RollIfDue(bool asked)
    {
        var segment = _writer.Segment;
        var end = _end;
        var isOld = _writer.FirstTimeMs is { } first
            && _time.GetUtcNow().ToUnixTimeMilliseconds() - first > _options.SegmentAge.TotalMilliseconds;
        if (_writer.Bytes == 0 || !(asked || isOld || _writer.Bytes >= _options.SegmentBytes))
            return;

        var next = Segment.Create(_folder, end.NextSequenceNumber, end.EndOffset, end.LastTimeMs);
        var bytes = _writer.Bytes;
        if (_writer.RollTo(next) is { } failure)
            _logger.IndexNotSaved(failure, segment.IndexPath, Id);
        segment.Seal(bytes);
        lock (_moving)
            _end = _end with { Segments = [.. _end.Segments, next] };
    }

    /// <summary>Nothing to store, but a place in the writer's queue: the current segment ends here.</summary>
    private sealed class SealRequest : PendingAppend
    {
        [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
        public SealRequest()
        {
            Payload = default;
            Events = [];
        }

        public override void OnAccepted()
        {
        }

        public override void OnRejected(string reason)
        {
        }
    }
}
