using System.Globalization;

namespace BuildingMgmt.EventHubsEndpoint.Log;

/// <summary>What of a partition is on disk, and may be read.</summary>
/// <param name="Segments">Oldest first; the last one is written.</param>
/// <param name="NextSequenceNumber">Of the event that comes next.</param>
/// <param name="EndOffset">Offset of the event that comes next.</param>
/// <param name="LastOffset">Offset of the last event that ever came, or null before the first.</param>
/// <param name="LastTimeMs">Enqueued time of the last event that ever came, Unix milliseconds; zero before the first.</param>
internal sealed record LogEnd(
    Segment[] Segments, long NextSequenceNumber, long EndOffset, long? LastOffset, long LastTimeMs)
{
    /// <summary>Sequence number of the oldest event that can be read, or of the next one when there is none.</summary>
    public long BeginSequenceNumber => Segments[0].BaseSequenceNumber;

    /// <summary>Offset of the last event that ever came, as clients get it; "-1" before the first.</summary>
    public string LastOffsetText => (LastOffset ?? -1).ToString(CultureInfo.InvariantCulture);

    public bool IsEmpty => BeginSequenceNumber == NextSequenceNumber;

    /// <summary>The segment in which a sequence number lies, or the oldest one when it is gone.</summary>
    public Segment FindSegment(long sequenceNumber) =>
        Segments.LastOrDefault(segment => segment.BaseSequenceNumber <= sequenceNumber) ?? Segments[0];

    /// <summary>Bytes of a segment that may be read.</summary>
    public long ReadableBytes(Segment segment) => segment.SealedBytes ?? EndOffset - segment.BaseOffset;
}
