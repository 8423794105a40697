using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using BuildingMgmt.Functions.Postgres;

namespace BuildingMgmt.Functions.History;

/// <summary>
/// The place of a row in a query's rows, which are ordered by point, then time: the next page starts behind it, whatever was stored
/// meanwhile. It carries the range too, so that a query up to now ends for all pages where it ended for the first.
/// </summary>
internal readonly record struct HistoryCursor(DateTime From, DateTime To, int PointId, DateTime Time)
{
    private const int ContentBytes = 3 * sizeof(long) + sizeof(int);
    private const int CheckBytes = 8;
    private const int Bytes = ContentBytes + CheckBytes;

    /// <summary>The cursor as an opaque text, safe in a URL.</summary>
    /// <param name="query">The query that it belongs to.</param>
    public string ToText(string query)
    {
        Span<byte> bytes = stackalloc byte[Bytes];
        BinaryPrimitives.WriteInt64BigEndian(bytes, PostgresTime.ToMicroseconds(From));
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], PostgresTime.ToMicroseconds(To));
        BinaryPrimitives.WriteInt64BigEndian(bytes[16..], PostgresTime.ToMicroseconds(Time));
        BinaryPrimitives.WriteInt32BigEndian(bytes[24..], PointId);
        Check(bytes[..ContentBytes], query, bytes[ContentBytes..]);
        return Base64Url.EncodeToString(bytes);
    }

    /// <summary>Reads a cursor that <see cref="ToText"/> made for the same query.</summary>
    public static bool TryParse(string text, string query, out HistoryCursor cursor)
    {
        cursor = default;
        Span<byte> bytes = stackalloc byte[Bytes];
        Span<byte> check = stackalloc byte[CheckBytes];
        if (text.Length != Base64Url.GetEncodedLength(Bytes) || !Base64Url.TryDecodeFromChars(text, bytes, out var length) || length != Bytes)
            return false;
        Check(bytes[..ContentBytes], query, check);
        if (!check.SequenceEqual(bytes[ContentBytes..]) || !TryMoment(bytes, out var from)
            || !TryMoment(bytes[8..], out var to) || !TryMoment(bytes[16..], out var time))
        {
            return false;
        }

        cursor = new HistoryCursor(from, to, BinaryPrimitives.ReadInt32BigEndian(bytes[24..]), time);
        return true;
    }

    // Against mix-ups, not forgery: who makes a cursor that fits could ask for the same without one.
    private static void Check(ReadOnlySpan<byte> content, string query, Span<byte> check)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(content);
        hash.AppendData(Encoding.UTF8.GetBytes(query));
        hash.GetHashAndReset().AsSpan(0, CheckBytes).CopyTo(check);
    }

    private static bool TryMoment(ReadOnlySpan<byte> bytes, out DateTime moment)
    {
        var microseconds = BinaryPrimitives.ReadInt64BigEndian(bytes);
        var isInRange = microseconds >= PostgresTime.ToMicroseconds(DateTime.MinValue) && microseconds <= PostgresTime.ToMicroseconds(DateTime.MaxValue);
        moment = isInRange ? PostgresTime.FromMicroseconds(microseconds) : default;
        return isInRange;
    }
}
