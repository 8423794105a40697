using System.Text;
using System.Text.Json;
using BuildingMgmt.Functions.Catalogue;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>
/// Decodes gateway batches: bytes to readings of known points, in one pass and without garbage. Anything may come in, and
/// nothing makes it throw: what is bad is reported beside what is good. Not for two threads at once.
/// </summary>
internal sealed class BatchDecoder
{
    /// <summary>Nesting of a batch: readings lie four deep, the rest is room for fields that this build does not know.</summary>
    public const int DepthMax = 32;

    /// <summary>Bad readings of one event that are listed one by one; the others are counted.</summary>
    public const int ErrorsPerEventMax = 20_000;

    /// <summary>Bytes of the readings that those bad ones lie in, together.</summary>
    public const int ErrorBytesPerEventMax = 32 * 1024 * 1024;

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = DepthMax };

    private readonly GatewayNames gatewayNames = new();
    private readonly ReadingDecoder readings = new();

    /// <summary>Sets what the batches that follow are held against.</summary>
    public void Begin(CatalogueSnapshot catalogue, DateTimeOffset now, IngestOptions options) => readings.Begin(catalogue, now, options);

    /// <summary>Whether a sensor or metric was met, since <see cref="Begin"/>, that the catalogue does not have.</summary>
    public bool MetUnknown => readings.MetUnknown;

    /// <summary>Decodes one batch. Keeps nothing of <paramref name="utf8"/>.</summary>
    /// <param name="eventIndex">Written into each reading.</param>
    /// <param name="isPosted">Whether it was posted to this app, which alone gives the ids of users.</param>
    /// <param name="decoded">Good readings are added, in the batch's order.</param>
    /// <param name="errors">Bad readings are added. For an unreadable event nothing is added to either.</param>
    public DecodedHeader Decode(ReadOnlySpan<byte> utf8, ushort eventIndex, bool isPosted, List<DecodedReading> decoded, List<DecodeError> errors)
    {
        var byteOrderMark = Encoding.UTF8.Preamble;
        var skipped = utf8.StartsWith(byteOrderMark) ? byteOrderMark.Length : 0;
        var (firstReading, firstError) = (decoded.Count, errors.Count);
        readings.BeginEvent(eventIndex, skipped, decoded, errors);

        var reader = new Utf8JsonReader(utf8[skipped..], ReaderOptions);
        var header = new Header { IsPosted = isPosted };
        string? unreadable;
        try
        {
            unreadable = ReadBatch(ref reader, ref header);
        }
        catch (JsonException)
        {
            unreadable = $"It is no JSON, or nested deeper than {DepthMax}, at byte {skipped + reader.BytesConsumed}.";
            header = default;
        }

        if (unreadable is not null)
        {
            decoded.RemoveRange(firstReading, decoded.Count - firstReading);
            errors.RemoveRange(firstError, errors.Count - firstError);
            return new DecodedHeader(unreadable, header.GatewayId, BatchId(utf8[skipped..], header), false, 0);
        }

        var batchId = errors.Count > firstError || readings.SurplusErrors > 0 ? BatchId(utf8[skipped..], header) : null;
        return new DecodedHeader(null, header.GatewayId, batchId, header.Correction, readings.SurplusErrors);
    }

    private string? ReadBatch(ref Utf8JsonReader reader, ref Header header)
    {
        string? fault = null;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            fault = "It is no JSON object.";
        else
            fault = ReadFields(ref reader, ref header);

        // To the end: what follows a fault may be no JSON at all, and then that is what is said.
        while (reader.Read())
        {
        }

        return fault
            ?? (header.GatewayId is null ? "\"gateway_id\" is missing." : null)
            ?? (header.HasBatch ? null : "\"batch\" is missing.");
    }

    private string? ReadFields(ref Utf8JsonReader reader, ref Header header)
    {
        Span<byte> nameBuffer = stackalloc byte[64];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var known = JsonText.TryUnescape(in reader, nameBuffer, out var name);
            reader.Read();
            if (!known)
            {
                reader.Skip();
            }
            else if (name.SequenceEqual("batch"u8))
            {
                if (header.HasBatch)
                    return "\"batch\" appears twice.";
                if (reader.TokenType != JsonTokenType.StartArray)
                    return "\"batch\" is no array.";
                header.HasBatch = true;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                    readings.Decode(ref reader);
            }
            else if (name.SequenceEqual("gateway_id"u8))
            {
                if ((header.GatewayId = ReadGatewayId(ref reader)) is null)
                    return $"\"gateway_id\" is no text of 1 to {GatewayNames.LengthMax} bytes of characters that show.";
                if (!header.IsPosted && header.GatewayId.StartsWith(GatewayNames.UserPrefix, StringComparison.Ordinal))
                {
                    header.GatewayId = null;
                    return $"\"gateway_id\" begins with \"{GatewayNames.UserPrefix}\", as only the ids of users do who post readings.";
                }
            }
            else if (name.SequenceEqual("correction"u8))
            {
                if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null))
                    return "\"correction\" is neither true nor false.";
                header.Correction = reader.TokenType == JsonTokenType.True;
            }
            else if (name.SequenceEqual("batch_id"u8))
            {
                header.BatchIdStart = (int)reader.TokenStartIndex;
                reader.Skip();
                header.BatchIdLength = (int)reader.BytesConsumed - header.BatchIdStart;
            }
            else
            {
                reader.Skip();
            }
        }

        return null;
    }

    private string? ReadGatewayId(ref Utf8JsonReader reader)
    {
        Span<byte> buffer = stackalloc byte[GatewayNames.LengthMax * 6];
        return reader.TokenType == JsonTokenType.String
            && JsonText.TryUnescape(in reader, buffer, out var utf8)
            && utf8.Length is > 0 and <= GatewayNames.LengthMax
            && GatewayNames.IsClean(utf8)
                ? gatewayNames.Get(utf8)
                : null;
    }

    // It only names the batch to those who look at what went wrong: whatever it is, it is no reason to refuse.
    private static string? BatchId(ReadOnlySpan<byte> utf8, Header header)
    {
        if (header.BatchIdLength == 0)
            return null;
        var text = utf8.Slice(header.BatchIdStart, header.BatchIdLength);
        return JsonText.Describe(text is [(byte)'"', .. var inner, (byte)'"'] ? inner : text);
    }

    private struct Header
    {
        public string? GatewayId;
        public bool IsPosted;
        public bool HasBatch;
        public bool Correction;
        public int BatchIdStart;
        public int BatchIdLength;
    }
}
