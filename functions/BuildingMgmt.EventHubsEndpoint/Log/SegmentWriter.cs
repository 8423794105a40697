using BuildingMgmt.EventHubsEndpoint.Wire;
using Microsoft.Win32.SafeHandles;

namespace BuildingMgmt.EventHubsEndpoint.Log;

/// <summary>Writes groups of events at the end of the current segment; a group that fails leaves nothing behind. One thread at a time.</summary>
internal sealed class SegmentWriter : IDisposable
{
    private const int WriteBytes = 1024 * 1024;

    private readonly bool _fsync;
    private byte[] _buffer = new byte[WriteBytes + 64 * 1024];
    private SafeFileHandle _file;
    private volatile Tuple<Segment, SegmentIndex> _current;
    private bool _tailIsDirty;

    /// <param name="scan">The segment's whole part; what is behind it is cut off.</param>
    public SegmentWriter(Segment segment, SegmentIndex index, SegmentScan scan, bool fsync)
    {
        _fsync = fsync;
        _current = Tuple.Create(segment, index);
        _file = OpenFile(segment);
        CutBytes = RandomAccess.GetLength(_file) - scan.Bytes;
        Bytes = scan.Bytes;
        FirstTimeMs = scan.FirstTimeMs;
        if (CutBytes > 0)
            CutTail();
    }

    public Segment Segment => _current.Item1;

    /// <summary>The current segment and its index, which belong together.</summary>
    public (Segment Segment, SegmentIndex Index) Index => (_current.Item1, _current.Item2);

    /// <summary>Bytes stored in the current segment.</summary>
    public long Bytes { get; private set; }

    /// <summary>No event of the current segment is older; null when it has none.</summary>
    public long? FirstTimeMs { get; private set; }

    /// <summary>What the opening cut off.</summary>
    public long CutBytes { get; }

    /// <summary>Appends a group and waits until the disk has it.</summary>
    /// <remarks>When it throws, nothing of the group was stored.</remarks>
    public LogEnd Store(List<PendingAppend> group, LogEnd end, long nowMs)
    {
        if (_tailIsDirty)
            CutTail();
        try
        {
            var written = Bytes;
            var used = 0;
            foreach (var append in group)
            {
                foreach (var pending in append.Events)
                {
                    Reserve(RecordHeader.Bytes + pending.Length + EventAnnotations.BytesMax, ref used, ref written);
                    var offset = Segment.BaseOffset + written + used;
                    var message = append.Payload.Span.Slice(pending.Start, pending.Length);
                    var messageBytes = EventAnnotations.WriteEvent(
                        _buffer.AsSpan(used + RecordHeader.Bytes), message, pending.Sections, append.PartitionKey.Span,
                        end.NextSequenceNumber, offset, nowMs);
                    RecordHeader.Write(_buffer.AsSpan(used, RecordHeader.Bytes + messageBytes), end.NextSequenceNumber, nowMs);
                    _current.Item2.Add(end.NextSequenceNumber, nowMs, written + used);
                    used += RecordHeader.Bytes + messageBytes;
                    end = end with { NextSequenceNumber = end.NextSequenceNumber + 1, LastOffset = offset, LastTimeMs = nowMs };
                }
            }
            if (used == 0 && written == Bytes)
                return end;

            Flush(ref used, ref written);
            if (_fsync)
                RandomAccess.FlushToDisk(_file);
            Bytes = written;
            FirstTimeMs ??= nowMs;
            return end with { EndOffset = Segment.BaseOffset + written };
        }
        catch
        {
            _tailIsDirty = true;
            _current.Item2.TruncateAt(Bytes);
            try
            {
                CutTail();
            }
            catch (Exception cut) when (cut is IOException or UnauthorizedAccessException)
            {
                // The tail stays dirty, and the next group cuts it first. Told is what failed before: why nothing was stored.
            }
            throw;
        }
    }

    /// <summary>Seals the current segment and goes on in a new one.</summary>
    /// <returns>Why the sealed segment is without its index file, or null.</returns>
    public IOException? RollTo(Segment next)
    {
        var file = OpenFile(next);
        var indexFailure = _current.Item2.Save(Segment);
        _file.Dispose();
        _file = file;
        _current = Tuple.Create(next, new SegmentIndex());
        Bytes = 0;
        FirstTimeMs = null;
        return indexFailure;
    }

    public void Dispose() => _file.Dispose();

    private void Reserve(int bytes, ref int used, ref long written)
    {
        if (used + bytes <= _buffer.Length)
            return;
        Flush(ref used, ref written);
        if (bytes > _buffer.Length)
            _buffer = new byte[bytes];
    }

    private void Flush(ref int used, ref long written)
    {
        RandomAccess.Write(_file, _buffer.AsSpan(0, used), written);
        written += used;
        used = 0;
    }

    // Whatever a failed write or fsync left is unknown, and must not stand between two good groups. When even this fails, it is
    // tried again before the next group.
    private void CutTail()
    {
        RandomAccess.SetLength(_file, Bytes);
        _tailIsDirty = false;
    }

    private static SafeFileHandle OpenFile(Segment segment) =>
        File.OpenHandle(segment.Path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
}
