using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Unpacks events, into a buffer that it keeps. Not for two threads at once.</summary>
internal sealed class EventContent
{
    // RFC 1952, section 2.3: CRC-32 and length of what a member holds are its last eight bytes.
    private const int GzipTrailerBytes = 8;

    private byte[] buffer = [];

    /// <summary>Gives an event's bytes as the gateway wrote them.</summary>
    /// <param name="bytesMax">More than this is refused, before it is all unpacked.</param>
    /// <param name="utf8">Valid until the next call.</param>
    /// <returns>Null, or what is wrong with the event.</returns>
    public string? Read(in IncomingEvent incoming, int bytesMax, out ReadOnlySpan<byte> utf8)
    {
        utf8 = default;
        var encoding = incoming.ContentEncoding ?? "";
        if (IsPlain(encoding))
        {
            if (incoming.Body.Length > bytesMax)
                return TooLarge(bytesMax);
            utf8 = incoming.Body.Span;
            return null;
        }

        if (!encoding.Equals("gzip", StringComparison.OrdinalIgnoreCase))
            return $"Its content encoding is \"{JsonText.Describe(System.Text.Encoding.UTF8.GetBytes(encoding))}\"; known are gzip and identity.";
        try
        {
            var length = Unpack(incoming.Body, bytesMax);
            if (length > bytesMax)
                return TooLarge(bytesMax);
            var unpacked = buffer.AsSpan(0, length);
            if (!EndsWithTrailerOf(unpacked, incoming.Body.Span))
                return "It says that it is gzip, and is cut off, or something stands behind it.";
            utf8 = unpacked;
            return null;
        }
        catch (InvalidDataException)
        {
            return "It says that it is gzip, and is not, or is damaged.";
        }
    }

    // IoT Hub routes by an event's body only where its encoding says utf-8, so its devices say that.
    private static bool IsPlain(string encoding) => encoding.Length == 0
        || encoding.Equals("identity", StringComparison.OrdinalIgnoreCase)
        || encoding.Equals("utf-8", StringComparison.OrdinalIgnoreCase);

    // GZipStream takes the end of what it is given for the end of the data, wherever that is, and then compares no checksum. Of
    // several members it has compared all but the last, whose content is the end of what was unpacked.
    private static bool EndsWithTrailerOf(ReadOnlySpan<byte> unpacked, ReadOnlySpan<byte> packed)
    {
        if (packed.Length < GzipTrailerBytes)
            return false;
        var trailer = packed[^GzipTrailerBytes..];
        var length = BinaryPrimitives.ReadUInt32LittleEndian(trailer[4..]);
        return length <= unpacked.Length
            && Crc32.HashToUInt32(unpacked[^(int)length..]) == BinaryPrimitives.ReadUInt32LittleEndian(trailer);
    }

    private int Unpack(ReadOnlyMemory<byte> body, int bytesMax)
    {
        if (!MemoryMarshal.TryGetArray(body, out var segment))
            segment = body.ToArray();
        using var packed = new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false);
        using var gzip = new GZipStream(packed, CompressionMode.Decompress);
        var length = 0;
        while (true)
        {
            if (length == buffer.Length)
            {
                // One byte above the limit is room enough to see that there is more.
                var larger = Math.Min(Math.Max(64 * 1024, buffer.Length * 2), bytesMax + 1);
                if (larger <= length)
                    return length;
                Array.Resize(ref buffer, larger);
            }

            var read = gzip.Read(buffer, length, buffer.Length - length);
            if (read == 0)
                return length;
            length += read;
        }
    }

    private static string TooLarge(int bytesMax) => $"It is larger than {bytesMax} bytes.";
}
