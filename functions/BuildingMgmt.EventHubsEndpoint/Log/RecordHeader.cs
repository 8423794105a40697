using System.Buffers.Binary;

namespace BuildingMgmt.EventHubsEndpoint.Log;

/// <summary>
/// What stands before each event in a segment file, little endian: length of the message (4 bytes), CRC-32C of all that follows
/// it and of the message (4), sequence number (8), enqueued time in Unix milliseconds (8).
/// </summary>
internal readonly record struct RecordHeader(int MessageBytes, uint Crc, long SequenceNumber, long EnqueuedTimeMs)
{
    public const int Bytes = 24;

    /// <summary>Bound by which a length read from a damaged file is known to be no length: the largest event and its annotations.</summary>
    public const int MessageBytesMax = 2 * 1024 * 1024;

    private const int CoveredFrom = 8;

    public static RecordHeader Read(ReadOnlySpan<byte> record) => new(
        BinaryPrimitives.ReadInt32LittleEndian(record),
        BinaryPrimitives.ReadUInt32LittleEndian(record[4..]),
        BinaryPrimitives.ReadInt64LittleEndian(record[8..]),
        BinaryPrimitives.ReadInt64LittleEndian(record[16..]));

    /// <summary>Writes the header of the message that already lies behind it in <paramref name="record"/>.</summary>
    public static void Write(Span<byte> record, long sequenceNumber, long enqueuedTimeMs)
    {
        BinaryPrimitives.WriteInt32LittleEndian(record, record.Length - Bytes);
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], sequenceNumber);
        BinaryPrimitives.WriteInt64LittleEndian(record[16..], enqueuedTimeMs);
        BinaryPrimitives.WriteUInt32LittleEndian(record[4..], Crc32C.Compute(record[CoveredFrom..]));
    }

    /// <summary>Whether the length can be one at all; a zeroed or torn header has none.</summary>
    public bool IsPlausible => MessageBytes is > 0 and <= MessageBytesMax;

    /// <param name="record">This header and its message.</param>
    public bool Matches(ReadOnlySpan<byte> record) => Crc32C.Compute(record[CoveredFrom..]) == Crc;
}
