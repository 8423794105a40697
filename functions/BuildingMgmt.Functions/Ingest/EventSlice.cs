using BuildingMgmt.Functions.DeadLetters;
using BuildingMgmt.Functions.Postgres;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Events of one partition, decoded, that are stored by one transaction. Reused; not for two threads at once.</summary>
internal sealed class EventSlice
{
    /// <summary>Events of one slice; an event's place in it must fit 16 bits.</summary>
    private const int EventsMax = 4_096;

    private const int DeadLetterBytesMax = 32 * 1024 * 1024;

    // A slice that was larger than this gives its memory back.
    private const int ReadingsKeptMax = 1_000_000;

    private readonly BatchDecoder decoder = new();
    private readonly EventContent content = new();
    private readonly List<DecodeError> errors = [];
    private long deadLetterBytes;

    public List<DecodedReading> Readings { get; private set; } = [];

    public List<SliceEvent> Events { get; } = [];

    public List<DeadLetter> DeadLetters { get; } = [];

    /// <summary>Whether an id was met that the catalogue does not have; then a newer catalogue may decode more.</summary>
    public bool MetUnknown => decoder.MetUnknown;

    /// <summary>Decodes events until the slice is full, at least one.</summary>
    /// <returns>How many were taken.</returns>
    public int Fill(IReadOnlyList<IncomingEvent> events, int first, Catalogue.CatalogueSnapshot catalogue, DateTimeOffset now, IngestOptions options)
    {
        Clear();
        decoder.Begin(catalogue, now, options);
        var taken = 0;
        do
        {
            Add(events[first + taken], options);
            taken++;
        }
        while (first + taken < events.Count
            && taken < EventsMax
            && Readings.Count + DeadLetters.Count < options.RowsPerTransactionMax
            && deadLetterBytes < DeadLetterBytesMax);
        return taken;
    }

    /// <summary>Which values of an event are dead-lettered; null when none are, or it is as a whole.</summary>
    public byte[]? BadValuesOf(int eventIndex)
    {
        byte[]? values = null;
        foreach (var letter in DeadLetters)
        {
            if (letter.EventIndex == eventIndex && (!letter.IsWhole || letter.Values is not null))
                ValueSet.AddRange(ref values, letter.FirstValue, letter.Values, letter.Readings);
        }

        return ValueSet.Trim(values);
    }

    /// <summary>Empties the slice, and lets go of what it does not need soon.</summary>
    public void Clear()
    {
        Events.Clear();
        DeadLetters.Clear();
        deadLetterBytes = 0;
        if (Readings.Capacity > ReadingsKeptMax)
            Readings = [];
        else
            Readings.Clear();
    }

    private void Add(in IncomingEvent incoming, IngestOptions options)
    {
        errors.Clear();
        var firstReading = Readings.Count;
        var firstDeadLetter = DeadLetters.Count;
        var header = Decode(incoming, options, out var utf8);
        if (header.Fault is not null)
            AddWholeEvent(incoming, header, header.Fault, null);
        foreach (var error in errors)
            AddReading(incoming, header, error, utf8);
        if (header.SurplusErrors > 0)
        {
            var detail = $"{header.SurplusErrors} more bad readings are somewhere in this event; those before them were kept one by one.";
            var fault = new EventFault(header.SurplusReason ?? DeadLetterReason.TooManyBad, detail, header.SurplusErrors);
            AddWholeEvent(incoming, header, fault, header.SurplusValues);
        }

        var deadLettered = 0;
        for (var index = firstDeadLetter; index < DeadLetters.Count; index++)
            deadLettered += DeadLetters[index].Readings;
        Events.Add(new SliceEvent(
            incoming.SequenceNumber,
            // At PostgreSQL's resolution, so that it equals the stored position.
            PostgresTime.FromMicroseconds(PostgresTime.ToMicroseconds(incoming.EnqueuedAt)),
            header.GatewayId,
            header.Correction,
            Readings.Count - firstReading,
            deadLettered)
        {
            IsOfGateway = header.IsOfGateway,
            Sequence = header.Sequence,
        });
    }

    private DecodedHeader Decode(in IncomingEvent incoming, IngestOptions options, out ReadOnlySpan<byte> utf8)
    {
        utf8 = default;
        if (EventSchema.WhyUnknown(incoming.ContentType) is { } schema)
            return Faulty(DeadLetterReason.UnknownSchema, schema);
        if (content.Read(incoming, options.EventMiBMax * 1024 * 1024, out utf8) is { } unreadable)
            return Faulty(DeadLetterReason.Unreadable, unreadable);
        var origin = new EventOrigin(incoming.IsPosted, incoming.DeviceId, incoming.Values);
        return decoder.Decode(utf8, (ushort)Events.Count, origin, Readings, errors);
    }

    private static DecodedHeader Faulty(string reason, string detail) => new(new EventFault(reason, detail, 1), null, null, false);

    private void AddWholeEvent(in IncomingEvent incoming, in DecodedHeader header, EventFault fault, byte[]? values) => AddDeadLetter(
        new DeadLetter(Events.Count, header.GatewayId, header.BatchId, fault.Reason, fault.Detail, fault.Readings, incoming.Body.ToArray())
        {
            IsWhole = true,
            Values = values,
            ContentEncoding = incoming.ContentEncoding,
            ContentType = incoming.ContentType,
            IsPosted = incoming.IsPosted,
            DeviceId = incoming.DeviceId,
        });

    private void AddReading(in IncomingEvent incoming, in DecodedHeader header, in DecodeError error, ReadOnlySpan<byte> utf8)
    {
        var content = utf8.Slice(error.Start, error.Length).ToArray();
        AddDeadLetter(new DeadLetter(Events.Count, header.GatewayId, header.BatchId, error.Reason, error.Detail, error.Readings, content)
        {
            FirstValue = error.FirstValue,
            Values = error.Values,
            IsPosted = incoming.IsPosted,
            DeviceId = incoming.DeviceId,
            Correction = header.Correction,
        });
    }

    private void AddDeadLetter(DeadLetter letter)
    {
        deadLetterBytes += letter.Content.Length;
        DeadLetters.Add(letter);
    }
}

/// <summary>One event of a slice.</summary>
/// <param name="GatewayId">Null when the event does not say it in a way that can be read.</param>
/// <param name="Readings">How many good readings it brought.</param>
/// <param name="DeadLettered">How many it brought that are dead-lettered; 1 for an unreadable event.</param>
internal readonly record struct SliceEvent(
    long SequenceNumber, DateTime EnqueuedAt, string? GatewayId, bool Correction, int Readings, int DeadLettered)
{
    /// <summary>Whether it is of a gateway that the catalogue has.</summary>
    public bool IsOfGateway { get; init; }

    /// <summary>The gateway's number of it; null when it has none.</summary>
    public long? Sequence { get; init; }
}
