using System.Buffers;
using System.IO.Compression;
using System.Text.Json;

namespace BuildingMgmt.Simulator.Gateways;

/// <summary>A batch as bytes, ready for the hub.</summary>
/// <param name="IsGzip">The event's content-encoding says gzip.</param>
/// <param name="Readings">How many the batch carries.</param>
internal sealed record GatewayEvent(string GatewayId, string BatchId, ReadOnlyMemory<byte> Body, bool IsGzip, int Readings)
{
    /// <summary>Smaller batches go as plain JSON: below this, gzip saves less than a packet.</summary>
    public const int GzipBytesMin = 2_048;

    /// <summary>Writes the batch in the format of the telemetry hub.</summary>
    public static GatewayEvent Encode(GatewayBatch batch)
    {
        var json = new ArrayBufferWriter<byte>(256 + (batch.ReadingCount * 120));
        using (var writer = new Utf8JsonWriter(json))
            Write(writer, batch);

        var plain = json.WrittenMemory;
        var (body, isGzip) = batch.Damage switch
        {
            EventDamage.Truncated => (plain[..(plain.Length / 2)], false),
            EventDamage.NotJson => ("<html><body>502 Bad Gateway</body></html>"u8.ToArray(), false),
            EventDamage.FalseGzip => (plain, true),
            EventDamage.TruncatedGzip => (Half(Gzip(plain)), true),
            _ => plain.Length < GzipBytesMin ? (plain, false) : (Gzip(plain), true),
        };
        return new GatewayEvent(batch.GatewayId, batch.BatchId, body, isGzip, batch.ReadingCount);
    }

    private static void Write(Utf8JsonWriter writer, GatewayBatch batch)
    {
        writer.WriteStartObject();
        writer.WriteString("gateway_id", batch.GatewayId);
        writer.WriteString("batch_id", batch.BatchId);
        if (batch.Sequence is { } sequence)
            writer.WriteNumber("sequence", sequence);
        writer.WriteString("sent_at", batch.SentAt.UtcDateTime);
        writer.WriteStartArray("batch");
        foreach (var element in batch.Elements)
        {
            writer.WriteStartObject();
            writer.WriteString("sensor_id", element.SensorId);
            writer.WriteString("timestamp", element.Timestamp.UtcDateTime);
            writer.WriteStartObject("data");
            foreach (var reading in element.Readings)
            {
                if (reading.Text is null)
                    writer.WriteNumber(reading.Metric, reading.Value);
                else
                    writer.WriteString(reading.Metric, reading.Text);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        foreach (var malformed in batch.Malformed)
            writer.WriteRawValue(malformed.Json, skipInputValidation: true);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static ReadOnlyMemory<byte> Gzip(ReadOnlyMemory<byte> plain)
    {
        using var buffer = new MemoryStream(plain.Length / 4);
        using (var gzip = new GZipStream(buffer, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(plain.Span);
        return buffer.GetBuffer().AsMemory(0, (int)buffer.Length);
    }

    private static ReadOnlyMemory<byte> Half(ReadOnlyMemory<byte> bytes) => bytes[..(bytes.Length / 2)];
}
