namespace BuildingMgmt.EventHubsEndpoint.Log;

/// <summary>Reads a segment from its beginning as far as it is whole.</summary>
/// <param name="Bytes">Length of the whole part.</param>
/// <param name="NextSequenceNumber">Of the event that comes next.</param>
/// <param name="LastOffset">Offset of the last event, or null when there is none.</param>
/// <param name="FirstTimeMs">Enqueued time of the first event, or null when there is none.</param>
/// <param name="LastTimeMs">Enqueued time of the last event, or of the one before the segment.</param>
internal sealed record SegmentScan(long Bytes, long NextSequenceNumber, long? LastOffset, long? FirstTimeMs, long LastTimeMs)
{
    /// <param name="index">Gets the entries of all records.</param>
    public static SegmentScan Run(Segment segment, SegmentIndex index)
    {
        using var file = File.OpenHandle(segment.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var fileBytes = segment.SealedBytes ?? RandomAccess.GetLength(file);
        var buffer = new byte[1024 * 1024 + RecordHeader.Bytes + RecordHeader.MessageBytesMax];
        var (position, next, lastOffset, firstTime, lastTime) = (0L, segment.BaseSequenceNumber, (long?)null, (long?)null, segment.BaseTimeMs);
        while (position < fileBytes)
        {
            var read = RandomAccess.Read(file, buffer.AsSpan(0, (int)Math.Min(buffer.Length, fileBytes - position)), position);
            var whole = 0;
            while (TryReadRecord(buffer.AsSpan(whole, read - whole), out var header)
                && header.SequenceNumber == next && header.EnqueuedTimeMs >= lastTime)
            {
                index.Add(header.SequenceNumber, header.EnqueuedTimeMs, position + whole);
                lastOffset = segment.BaseOffset + position + whole;
                firstTime ??= header.EnqueuedTimeMs;
                lastTime = header.EnqueuedTimeMs;
                next++;
                whole += RecordHeader.Bytes + header.MessageBytes;
            }
            // The buffer holds any record whole, so nothing read means nothing more to read.
            if (whole == 0)
                break;
            position += whole;
        }
        return new SegmentScan(position, next, lastOffset, firstTime, lastTime);
    }

    private static bool TryReadRecord(ReadOnlySpan<byte> bytes, out RecordHeader header)
    {
        header = default;
        if (bytes.Length < RecordHeader.Bytes)
            return false;
        header = RecordHeader.Read(bytes);
        var recordBytes = RecordHeader.Bytes + (long)header.MessageBytes;
        return header.IsPlausible && recordBytes <= bytes.Length && header.Matches(bytes[..(int)recordBytes]);
    }
}
