using System.Buffers;
using System.Text;
using System.Text.Json;
using BuildingMgmt.Functions.Ingest;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>The bytes of dead letters.</summary>
internal static class DeadLetterContent
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>As text; null when they are no UTF-8.</summary>
    public static string? AsText(byte[] content)
    {
        try
        {
            return Strict.GetString(content);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>As the event that comes again, for the values that are not stored yet.</summary>
    public static IncomingEvent AsEvent(OpenLetter letter) =>
        new(letter.IsWhole ? letter.Content : Wrap(letter), letter.ContentEncoding, letter.SequenceNumber, letter.EnqueuedAt, letter.IsPosted)
        {
            ContentType = letter.ContentType,
            DeviceId = letter.DeviceId,
            Values = letter.Values,
        };

    // A reading in a batch of its own, whose values are then counted as those of the reading.
    private static ReadOnlyMemory<byte> Wrap(OpenLetter letter)
    {
        var json = new ArrayBufferWriter<byte>(letter.Content.Length + 256);
        using var writer = new Utf8JsonWriter(json, new JsonWriterOptions { MaxDepth = BatchDecoder.DepthMax });
        writer.WriteStartObject();
        if (letter.DeviceId is null)
            writer.WriteString("gateway_id"u8, letter.GatewayId);
        if (letter.BatchId is not null)
            writer.WriteString("batch_id"u8, letter.BatchId);
        writer.WriteBoolean("correction"u8, letter.Correction);
        writer.WriteStartArray("batch"u8);
        // It was read as JSON once, so it is.
        writer.WriteRawValue(letter.Content, skipInputValidation: true);
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return json.WrittenMemory;
    }
}
