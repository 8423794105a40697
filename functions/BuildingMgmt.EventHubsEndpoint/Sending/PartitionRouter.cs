using System.Buffers.Binary;
using BuildingMgmt.EventHubsEndpoint.Log;

namespace BuildingMgmt.EventHubsEndpoint.Sending;

/// <summary>Chooses the partition of events that were sent to the hub as a whole.</summary>
internal sealed class PartitionRouter(HubLog hub)
{
    private int _next = -1;

    /// <param name="partitionKey">UTF-8; events with equal keys go to the same partition, those without one in turn.</param>
    public PartitionLog Choose(ReadOnlySpan<byte> partitionKey)
    {
        var count = hub.Partitions.Count;
        return hub.Partitions[partitionKey.IsEmpty
            ? (int)((uint)Interlocked.Increment(ref _next) % (uint)count)
            : Math.Abs(Hash(partitionKey) % count)];
    }

    /// <summary>
    /// The service's hash, so that clients which compute the partition themselves agree: Bob Jenkins' lookup3 (hashlittle2, seeds 0),
    /// its two halves folded into 16 bits.
    /// </summary>
    private static short Hash(ReadOnlySpan<byte> key)
    {
        uint a, b, c;
        a = b = c = 0xDEADBEEF + (uint)key.Length;
        if (key.IsEmpty)
            return unchecked((short)(b ^ c));

        Span<byte> last = stackalloc byte[12];
        while (key.Length > 12)
        {
            Add(key, ref a, ref b, ref c);
            a -= c; a ^= uint.RotateLeft(c, 4); c += b;
            b -= a; b ^= uint.RotateLeft(a, 6); a += c;
            c -= b; c ^= uint.RotateLeft(b, 8); b += a;
            a -= c; a ^= uint.RotateLeft(c, 16); c += b;
            b -= a; b ^= uint.RotateLeft(a, 19); a += c;
            c -= b; c ^= uint.RotateLeft(b, 4); b += a;
            key = key[12..];
        }

        last.Clear();
        key.CopyTo(last);
        Add(last, ref a, ref b, ref c);
        c ^= b; c -= uint.RotateLeft(b, 14);
        a ^= c; a -= uint.RotateLeft(c, 11);
        b ^= a; b -= uint.RotateLeft(a, 25);
        c ^= b; c -= uint.RotateLeft(b, 16);
        a ^= c; a -= uint.RotateLeft(c, 4);
        b ^= a; b -= uint.RotateLeft(a, 14);
        c ^= b; c -= uint.RotateLeft(b, 24);
        return unchecked((short)(b ^ c));
    }

    private static void Add(ReadOnlySpan<byte> twelve, ref uint a, ref uint b, ref uint c)
    {
        a += BinaryPrimitives.ReadUInt32LittleEndian(twelve);
        b += BinaryPrimitives.ReadUInt32LittleEndian(twelve[4..]);
        c += BinaryPrimitives.ReadUInt32LittleEndian(twelve[8..]);
    }
}
