using Microsoft.Win32.SafeHandles;

namespace BuildingMgmt.EventHubsEndpoint.Log;

/// <summary>Reads a partition from a position on. Not for use by two threads at once.</summary>
internal sealed class LogReader : IDisposable
{
    /// <summary>Read at once; below the size from which the runtime would put the array into its heap of large objects.</summary>
    private const int ChunkBytes = 80 * 1024;

    private readonly PartitionLog _log;
    private Segment? _segment;
    private SafeFileHandle? _file;
    private long _position;
    private long _nextSequenceNumber;

    private ArraySegment<byte> _chunk;

    /// <summary>Places a reader before the first event of <paramref name="from"/>.</summary>
    public LogReader(PartitionLog log, StartPosition from)
    {
        _log = log;
        var end = log.End;
        switch (from.Kind)
        {
            case StartKind.SequenceNumber:
                MoveTo(end.FindSegment(from.Value), entry => entry.SequenceNumber <= from.Value,
                    (header, _) => header.SequenceNumber < from.Value);
                break;
            case StartKind.Offset:
                MoveTo(end.Segments.LastOrDefault(segment => segment.BaseOffset <= from.Value) ?? end.Segments[0],
                    entry => _segment!.BaseOffset + entry.Position <= from.Value,
                    (_, position) => _segment!.BaseOffset + position < from.Value);
                break;
            case StartKind.Time:
                // The last one that may begin too early: the event before the next one is at or behind the time.
                MoveTo(end.Segments.LastOrDefault(segment => segment.BaseTimeMs < from.Value) ?? end.Segments[0],
                    entry => entry.EnqueuedTimeMs < from.Value,
                    (header, _) => header.EnqueuedTimeMs < from.Value);
                break;
            default:
                _nextSequenceNumber = end.BeginSequenceNumber;
                break;
        }
    }

    /// <summary>Takes the next event that is stored, if there is one.</summary>
    /// <param name="stored">Its message is the reader's memory, and is never overwritten.</param>
    public bool TryRead(out StoredEvent stored)
    {
        while (true)
        {
            if (TryTakeFromChunk(out var header, out var message))
            {
                stored = new StoredEvent(message, header.SequenceNumber);
                return true;
            }
            if (!TryFill())
            {
                stored = default;
                return false;
            }
        }
    }

    public void Dispose() => _file?.Dispose();

    /// <summary>Jumps into a segment by its index, then walks to the first event that is not before the wanted one.</summary>
    private void MoveTo(Segment segment, Func<SegmentIndex.Entry, bool> isBefore, Func<RecordHeader, long, bool> isEventBefore)
    {
        _nextSequenceNumber = segment.BaseSequenceNumber;
        if (!TryOpen(segment))
            return;
        _position = _log.IndexOf(segment).FindStart(isBefore);
        while (TryPeek(out var header) && isEventBefore(header, _position - _chunk.Count))
            TryTakeFromChunk(out _, out _);
    }

    private bool TryPeek(out RecordHeader header)
    {
        while (_chunk.Count < RecordHeader.Bytes || RecordHeader.Read(_chunk).MessageBytes > _chunk.Count - RecordHeader.Bytes)
        {
            if (!TryFill())
            {
                header = default;
                return false;
            }
        }
        header = RecordHeader.Read(_chunk);
        return true;
    }

    private bool TryTakeFromChunk(out RecordHeader header, out ArraySegment<byte> message)
    {
        header = default;
        message = default;
        if (_chunk.Count < RecordHeader.Bytes)
            return false;
        header = RecordHeader.Read(_chunk);
        if (header.MessageBytes > _chunk.Count - RecordHeader.Bytes)
            return false;
        if (!header.IsPlausible || !header.Matches(_chunk.AsSpan(0, RecordHeader.Bytes + header.MessageBytes)))
            throw new InvalidDataException($"""
                "{_segment!.Path}" is damaged at byte {_position - _chunk.Count}: event {_nextSequenceNumber} cannot be read.
                """);
        message = _chunk.Slice(RecordHeader.Bytes, header.MessageBytes);
        _chunk = _chunk[(RecordHeader.Bytes + header.MessageBytes)..];
        _nextSequenceNumber = header.SequenceNumber + 1;
        return true;
    }

    /// <summary>Reads on behind the chunk's rest, in the next segment if need be.</summary>
    private bool TryFill()
    {
        var end = _log.End;
        if (_segment is null)
            return TryOpenNext();

        var start = _position - _chunk.Count;
        var readable = end.ReadableBytes(_segment);
        if (_position < readable)
        {
            var wanted = _chunk.Count >= RecordHeader.Bytes ? RecordHeader.Bytes + RecordHeader.Read(_chunk).MessageBytes : 0;
            var bytes = (int)Math.Min(Math.Max(ChunkBytes, wanted), readable - start);
            // A new array each time: those who send the messages keep them as long as their peers need.
            var array = GC.AllocateUninitializedArray<byte>(bytes);
            var read = RandomAccess.Read(_file!, array, start);
            if (read <= _chunk.Count)
                throw new InvalidDataException($"\"{_segment.Path}\" ends at byte {start + read}, {readable} were expected.");
            _chunk = new ArraySegment<byte>(array, 0, read);
            _position = start + read;
            return true;
        }

        if (_segment.SealedBytes is null || end.Segments[^1] == _segment)
            return false;
        return TryOpenNext();
    }

    // Retention may delete a segment between the look and the opening, but never one that a later look finds.
    private bool TryOpenNext() =>
        TryOpen(_log.End.FindSegment(_nextSequenceNumber)) || TryOpen(_log.End.FindSegment(_nextSequenceNumber));

    private bool TryOpen(Segment segment)
    {
        _file?.Dispose();
        _file = null;
        _segment = null;
        _chunk = default;
        _position = 0;
        try
        {
            _file = File.OpenHandle(segment.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            _segment = segment;
            return true;
        }
        catch (FileNotFoundException)
        {
            // Retention was faster: whoever reads on begins at the oldest segment that is left.
            return false;
        }
    }
}
