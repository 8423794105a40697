using System.Buffers.Binary;

namespace BuildingMgmt.Functions.LatestValues;

/// <summary>
/// The latest values of one floor, packed as they lie in the table store: blocks of at most 64 KiB, 24 bytes a point,
/// little-endian, by point id: int32 point, byte quality, 3 bytes zero, int64 microseconds since 1970, float64 value. Immutable.
/// </summary>
public sealed class FloorLatestValues
{
    /// <summary>Bytes of one point.</summary>
    public const int PointBytes = 24;

    /// <summary>Points in one block: a binary property holds at most 64 KiB (Azure Table storage, "Understanding the data model").</summary>
    public const int PointsPerBlockMax = 64 * 1024 / PointBytes;

    /// <summary>Blocks of one floor: fifteen stay under the entity's 1 MiB.</summary>
    public const int BlocksMax = 15;

    /// <summary>Points of one floor, 40,950.</summary>
    public const int PointsMax = PointsPerBlockMax * BlocksMax;

    /// <summary>A floor of which nothing is known yet.</summary>
    public static readonly FloorLatestValues Empty = new([]);

    private readonly byte[][] blocks;

    private FloorLatestValues(byte[][] blocks)
    {
        this.blocks = blocks;
        Count = blocks.Sum(block => block.Length / PointBytes);
    }

    /// <summary>How many points have a value.</summary>
    public int Count { get; }

    /// <summary>The packed bytes, for the table store.</summary>
    internal ReadOnlySpan<byte[]> Blocks => blocks;

    /// <summary>The value at a place in the order of point ids.</summary>
    public LatestValue this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return Read(Record(index));
        }
    }

    /// <summary>Finds a point's latest value.</summary>
    public bool TryGet(int pointId, out LatestValue value)
    {
        var (low, high) = (0, Count - 1);
        while (low <= high)
        {
            var middle = (int)(((uint)low + (uint)high) >> 1);
            var record = Record(middle);
            var found = BinaryPrimitives.ReadInt32LittleEndian(record);
            if (found == pointId)
            {
                value = Read(record);
                return true;
            }

            if (found < pointId)
                low = middle + 1;
            else
                high = middle - 1;
        }

        value = default;
        return false;
    }

    /// <summary>Packs values that are sorted by point id, each point once.</summary>
    /// <exception cref="ArgumentException">There are more than <see cref="PointsMax"/>, or they are not sorted.</exception>
    internal static FloorLatestValues Pack(ReadOnlySpan<LatestValue> values)
    {
        if (values.Length > PointsMax)
            throw new ArgumentException($"{values.Length} points do not fit into one floor's entity, which holds {PointsMax}.", nameof(values));
        var blocks = new byte[(values.Length + PointsPerBlockMax - 1) / PointsPerBlockMax][];
        for (var block = 0; block < blocks.Length; block++)
        {
            var part = values[(block * PointsPerBlockMax)..Math.Min((block + 1) * PointsPerBlockMax, values.Length)];
            var bytes = blocks[block] = new byte[part.Length * PointBytes];
            for (var index = 0; index < part.Length; index++)
            {
                if (index > 0 && part[index].PointId <= part[index - 1].PointId)
                    throw new ArgumentException("Values must be sorted by point id, each point once.", nameof(values));
                Write(bytes.AsSpan(index * PointBytes, PointBytes), part[index]);
            }
        }

        return new FloorLatestValues(blocks);
    }

    /// <summary>Takes blocks as they came from the table store; gives null when they are not what <see cref="Pack"/> writes.</summary>
    internal static FloorLatestValues? TryUnpack(byte[][] blocks)
    {
        long last = long.MinValue;
        for (var block = 0; block < blocks.Length; block++)
        {
            var bytes = blocks[block];
            var full = bytes.Length == PointsPerBlockMax * PointBytes;
            if (bytes.Length == 0 || bytes.Length % PointBytes != 0 || (block < blocks.Length - 1 && !full) || bytes.Length > PointsPerBlockMax * PointBytes)
                return null;
            for (var offset = 0; offset < bytes.Length; offset += PointBytes)
            {
                var pointId = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(offset));
                if (pointId <= last || bytes[offset + 4] > (byte)ReadingQuality.Suspect)
                    return null;
                last = pointId;
            }
        }

        return new FloorLatestValues(blocks);
    }

    private ReadOnlySpan<byte> Record(int index) =>
        blocks[index / PointsPerBlockMax].AsSpan(index % PointsPerBlockMax * PointBytes, PointBytes);

    private static LatestValue Read(ReadOnlySpan<byte> record) => new(
        BinaryPrimitives.ReadInt32LittleEndian(record),
        BinaryPrimitives.ReadInt64LittleEndian(record[8..]),
        BinaryPrimitives.ReadDoubleLittleEndian(record[16..]),
        (ReadingQuality)record[4]);

    private static void Write(Span<byte> record, LatestValue value)
    {
        BinaryPrimitives.WriteInt32LittleEndian(record, value.PointId);
        record[4] = (byte)value.Quality;
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], value.TimeMicroseconds);
        BinaryPrimitives.WriteDoubleLittleEndian(record[16..], value.Value);
    }
}
