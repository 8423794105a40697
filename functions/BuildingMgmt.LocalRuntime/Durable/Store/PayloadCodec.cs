using System.Buffers;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using BuildingMgmt.LocalRuntime.Durable.Execution;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>
/// Payloads as they are kept: one byte that says how, then JSON as UTF-8. Small ones stand plain; of larger ones the compressed form, when it
/// is the smaller.
/// </summary>
internal static class PayloadCodec
{
    private const byte Plain = 0;
    private const byte Brotli = 1;
    private const int PlainBytesMax = 1_024;
    private const int BrotliWindow = 18;
    private const int BrotliQuality = 1;

    private static readonly JsonSerializerOptions Json = new()
    {
        // Of a failure's inner ones each lies one deeper.
        MaxDepth = 256,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static byte[]? EncodeText(string? text) => text is null ? null : Pack(Encoding.UTF8.GetBytes(text));

    public static byte[] EncodeEvents(IReadOnlyList<HistoryEvent> events) => Encode(events);

    public static byte[] EncodeEvent(ReceivedEvent received) => Encode<HistoryEvent>(received);

    public static byte[]? EncodeOptional<T>(T? value)
        where T : class =>
        value is null ? null : Encode(value);

    public static string? DecodeText(byte[]? payload) => payload is null ? null : Encoding.UTF8.GetString(Unpack(payload).Span);

    /// <exception cref="InvalidDataException">The payload is not one that this build can read.</exception>
    public static IReadOnlyList<HistoryEvent> DecodeEvents(byte[] payload) => Decode<List<HistoryEvent>>(payload);

    /// <exception cref="InvalidDataException">The payload is not one that this build can read.</exception>
    public static ReceivedEvent DecodeEvent(byte[] payload) =>
        Decode<HistoryEvent>(payload) as ReceivedEvent
        ?? throw new InvalidDataException("A kept message is none that an instance can receive. Was it written by a later version?");

    /// <exception cref="InvalidDataException">The payload is not one that this build can read.</exception>
    public static T? DecodeOptional<T>(byte[]? payload)
        where T : class =>
        payload is null ? null : Decode<T>(payload);

    private static byte[] Encode<T>(T value) => Pack(JsonSerializer.SerializeToUtf8Bytes(value, Json));

    private static T Decode<T>(byte[] payload)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(Unpack(payload).Span, Json)
                ?? throw new InvalidDataException("A kept payload is null. Was it written by a later version?");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InvalidDataException("A kept payload cannot be read. Was it written by a later version?", e);
        }
    }

    private static byte[] Pack(byte[] json)
    {
        if (json.Length > PlainBytesMax)
        {
            var buffer = ArrayPool<byte>.Shared.Rent(json.Length + 1);
            try
            {
                // Into less room than the plain form takes: what does not get smaller is kept plain.
                if (BrotliEncoder.TryCompress(json, buffer.AsSpan(1, json.Length - 1), out var length, BrotliQuality, BrotliWindow))
                {
                    buffer[0] = Brotli;
                    return buffer.AsSpan(0, length + 1).ToArray();
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }

        var plain = new byte[json.Length + 1];
        plain[0] = Plain;
        json.CopyTo(plain, 1);
        return plain;
    }

    private static ReadOnlyMemory<byte> Unpack(byte[] payload)
    {
        switch (payload)
        {
            case [Plain, ..]:
                return payload.AsMemory(1);
            case [Brotli, ..]:
                return Decompress(payload);

            default:
                throw new InvalidDataException(
                    $"A kept payload has format {(payload.Length == 0 ? "none" : payload[0])}, which this version does not know. Was it written by a later one?");
        }
    }

    private static ReadOnlyMemory<byte> Decompress(byte[] payload)
    {
        using var packed = new MemoryStream(payload, 1, payload.Length - 1, writable: false);
        using var brotli = new BrotliStream(packed, CompressionMode.Decompress);
        using var json = new MemoryStream();
        try
        {
            brotli.CopyTo(json);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException($"A kept payload of {payload.Length} bytes cannot be decompressed: it is damaged.", e);
        }

        return json.GetBuffer().AsMemory(0, (int)json.Length);
    }
}
