using System.Text;
using System.Text.Json;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.DeadLetters;

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
    public const int ErrorsPerEventMax = 100;

    /// <summary>Bytes of the readings that those bad ones lie in, together.</summary>
    public const int ErrorBytesPerEventMax = 1024 * 1024;

    /// <summary>Highest number of a batch: the last up to which JSON numbers are exact everywhere.</summary>
    public const long SequenceMax = (1L << 53) - 1;

    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = DepthMax };

    private readonly GatewayNames gatewayNames = new();
    private readonly ReadingDecoder readings = new();
    private CatalogueSnapshot catalogue = null!;
    private bool metUnknownSender;

    /// <summary>Sets what the batches that follow are held against.</summary>
    public void Begin(CatalogueSnapshot catalogue, DateTimeOffset now, IngestOptions options)
    {
        this.catalogue = catalogue;
        metUnknownSender = false;
        readings.Begin(catalogue, now, options);
    }

    /// <summary>Whether something was refused, since <see cref="Begin"/>, that a newer catalogue may allow.</summary>
    public bool MetUnknown => metUnknownSender || readings.MetUnknown;

    /// <summary>Decodes one batch. Keeps nothing of <paramref name="utf8"/>.</summary>
    /// <param name="eventIndex">Written into each reading.</param>
    /// <param name="origin">What is known of the event besides its bytes.</param>
    /// <param name="decoded">Good readings are added, in the batch's order.</param>
    /// <param name="errors">Bad readings are added. For an event with a fault nothing is added to either.</param>
    public DecodedHeader Decode(
        ReadOnlySpan<byte> utf8, ushort eventIndex, EventOrigin origin, List<DecodedReading> decoded, List<DecodeError> errors)
    {
        var byteOrderMark = Encoding.UTF8.Preamble;
        var skipped = utf8.StartsWith(byteOrderMark) ? byteOrderMark.Length : 0;
        var (firstReading, firstError) = (decoded.Count, errors.Count);
        readings.BeginEvent(eventIndex, skipped, origin.Values, decoded, errors);

        var reader = new Utf8JsonReader(utf8[skipped..], ReaderOptions);
        var header = new Header { IsPosted = origin.IsPosted };
        string? unreadable;
        try
        {
            unreadable = ReadDeviceId(origin.DeviceId, ref header) ?? ReadBatch(ref reader, ref header);
        }
        catch (JsonException)
        {
            unreadable = $"It is no JSON, or nested deeper than {DepthMax}, at byte {skipped + reader.BytesConsumed}.";
            header = new Header { GatewayId = header.IsOfDevice ? header.GatewayId : null };
        }

        var fault = unreadable is not null
            ? new EventFault(DeadLetterReason.Unreadable, unreadable, 1)
            : Refuse(header, decoded.Count - firstReading, errors, firstError);
        if (fault is not null)
        {
            decoded.RemoveRange(firstReading, decoded.Count - firstReading);
            errors.RemoveRange(firstError, errors.Count - firstError);
            return new DecodedHeader(fault, header.GatewayId, BatchId(utf8[skipped..], header), false)
            {
                IsOfGateway = header.Sender is { IsGateway: true },
                Sequence = header.Sequence,
            };
        }

        var batchId = errors.Count > firstError || readings.SurplusErrors > 0 ? BatchId(utf8[skipped..], header) : null;
        return new DecodedHeader(null, header.GatewayId, batchId, header.Correction)
        {
            IsOfGateway = header.Sender is { IsGateway: true },
            Sequence = header.Sequence,
            SurplusErrors = readings.SurplusErrors,
            SurplusReason = readings.SurplusReason,
            SurplusValues = readings.SurplusValues,
        };
    }

    // Only once all of the event was read: its values are counted, and what is not readable is no gateway's.
    private EventFault? Refuse(in Header header, int good, List<DecodeError> errors, int firstError)
    {
        var (reason, detail) = header switch
        {
            { ClaimedId: { } claimed } => (
                DeadLetterReason.GatewayMismatch, $"It names gateway \"{claimed}\", and IoT Hub says that it came from device \"{header.GatewayId}\"."),
            { Sender: null, IsPosted: true } => (DeadLetterReason.UnknownGateway, $"Nobody who may send readings has the id \"{header.GatewayId}\"."),
            { Sender: null } => (DeadLetterReason.UnknownGateway, $"No gateway has the id \"{header.GatewayId}\"."),
            { Sender.IsActive: false } => (DeadLetterReason.InactiveGateway, $"\"{header.GatewayId}\" is not active."),
            _ => (null, null),
        };
        if (reason is null)
            return null;
        metUnknownSender |= reason != DeadLetterReason.GatewayMismatch;
        var count = good + readings.SurplusErrors;
        for (var index = firstError; index < errors.Count; index++)
            count += errors[index].Readings;
        return new EventFault(reason, detail!, Math.Max(1, count));
    }

    private string? ReadDeviceId(string? deviceId, ref Header header)
    {
        if (deviceId is null)
            return null;
        Span<byte> utf8 = stackalloc byte[GatewayNames.LengthMax];
        if (!Encoding.UTF8.TryGetBytes(deviceId, utf8, out var length) || !GatewayNames.IsClean(utf8[..length])
            || deviceId.StartsWith(CatalogueSender.UserPrefix, StringComparison.Ordinal))
        {
            return $"IoT Hub's device id is no text of 1 to {GatewayNames.LengthMax} bytes of characters that show, or begins with \"{CatalogueSender.UserPrefix}\".";
        }

        // A device may write what it likes into its events' properties, also that this app posted them.
        header.IsPosted = false;
        header.IsOfDevice = true;
        SetSender(utf8[..length], ref header);
        return null;
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

        fault ??= (header.GatewayId is null ? "\"gateway_id\" is missing." : null)
            ?? (header.HasBatch ? null : "\"batch\" is missing.");
        if (fault is null && header.BatchPostponed)
            ReadReadings(ref header.Postponed, header.Sender);
        return fault;
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
                ReadOrPostponeReadings(ref reader, ref header);
            }
            else if (name.SequenceEqual("gateway_id"u8))
            {
                if (ReadGatewayId(ref reader, ref header) is { } fault)
                    return fault;
            }
            else if (name.SequenceEqual("correction"u8))
            {
                if (reader.TokenType is not (JsonTokenType.True or JsonTokenType.False or JsonTokenType.Null))
                    return "\"correction\" is neither true nor false.";
                header.Correction = reader.TokenType == JsonTokenType.True;
            }
            else if (name.SequenceEqual("sequence"u8))
            {
                header.Sequence = ReadSequence(ref reader);
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

    // Whose sensors a batch may bring, its sender tells. Where "batch" comes first the reader is kept as it stands, and the
    // readings are read once the whole event was seen.
    private void ReadOrPostponeReadings(ref Utf8JsonReader reader, ref Header header)
    {
        if (header.GatewayId is not null)
        {
            ReadReadings(ref reader, header.Sender);
            return;
        }

        header.Postponed = reader;
        header.BatchPostponed = true;
        reader.Skip();
    }

    private void ReadReadings(ref Utf8JsonReader reader, CatalogueSender? sender)
    {
        readings.Sender = sender;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            readings.Decode(ref reader);
    }

    private string? ReadGatewayId(ref Utf8JsonReader reader, ref Header header)
    {
        if (header.HasGatewayId)
            return "\"gateway_id\" appears twice.";
        header.HasGatewayId = true;
        Span<byte> buffer = stackalloc byte[GatewayNames.LengthMax * 6];
        if (reader.TokenType != JsonTokenType.String
            || !JsonText.TryUnescape(in reader, buffer, out var utf8)
            || utf8.Length is 0 or > GatewayNames.LengthMax
            || !GatewayNames.IsClean(utf8))
        {
            return $"\"gateway_id\" is no text of 1 to {GatewayNames.LengthMax} bytes of characters that show.";
        }

        if (header.IsOfDevice)
        {
            var claimed = gatewayNames.Get(utf8);
            if (claimed != header.GatewayId)
                header.ClaimedId = claimed;
            return null;
        }

        if (!header.IsPosted && utf8.StartsWith("http:"u8))
            return $"\"gateway_id\" begins with \"{CatalogueSender.UserPrefix}\", as only the ids of users do who post readings.";
        SetSender(utf8, ref header);
        return null;
    }

    // It only tells what is missing: whatever else stands there is no reason to refuse what came.
    private static long? ReadSequence(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var sequence) && sequence is >= 0 and <= SequenceMax)
            return sequence;
        reader.Skip();
        return null;
    }

    private void SetSender(scoped ReadOnlySpan<byte> idUtf8, ref Header header)
    {
        header.Sender = catalogue.FindSender(idUtf8);
        header.GatewayId = header.Sender?.Id ?? gatewayNames.Get(idUtf8);
    }

    // It only names the batch to those who look at what went wrong: whatever it is, it is no reason to refuse.
    private static string? BatchId(ReadOnlySpan<byte> utf8, in Header header)
    {
        if (header.BatchIdLength == 0)
            return null;
        var text = utf8.Slice(header.BatchIdStart, header.BatchIdLength);
        return JsonText.Describe(text is [(byte)'"', .. var inner, (byte)'"'] ? inner : text);
    }

    private ref struct Header
    {
        public string? GatewayId;
        public CatalogueSender? Sender;
        public bool IsPosted;

        /// <summary>Whether IoT Hub says whose event it is.</summary>
        public bool IsOfDevice;

        /// <summary>The gateway that the event names, where that is not the device.</summary>
        public string? ClaimedId;

        public bool HasGatewayId;
        public bool HasBatch;
        public bool Correction;
        public long? Sequence;
        public int BatchIdStart;
        public int BatchIdLength;

        /// <summary>Whether "batch" came before the gateway was known, and is read from <see cref="Postponed"/>.</summary>
        public bool BatchPostponed;

        /// <summary>A reader that stands on "batch".</summary>
        public Utf8JsonReader Postponed;
    }
}

/// <summary>What is known of an event besides its bytes.</summary>
/// <param name="IsPosted">Whether it was posted to this app, which alone gives the ids of users.</param>
/// <param name="DeviceId">The device that sent it, by IoT Hub; null when it does not say.</param>
/// <param name="Values">Which of its values are meant; null when all. See <see cref="ValueSet"/>.</param>
internal readonly record struct EventOrigin(bool IsPosted, string? DeviceId, byte[]? Values = null);
