using System.Runtime.InteropServices;
using System.Text.Json;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.DeadLetters;
using BuildingMgmt.Functions.LatestValues;
using BuildingMgmt.Functions.Postgres;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Decodes one element of a batch: <c>{"sensor_id","timestamp","data":{metric:value,…},"quality"?}</c>, its fields in any order.</summary>
internal sealed class ReadingDecoder
{
    // Each bad metric of a reading is dead-lettered with the reading's bytes; beyond this many they share the last one,
    // so that one long reading cannot become a hundred copies of itself.
    private const int ErrorsPerReadingMax = 16;

    private CatalogueSnapshot catalogue = null!;
    private long newest;
    private long oldest;
    private long now;

    private ushort eventIndex;
    private int bytesBefore;
    private List<DecodedReading> decoded = null!;
    private List<DecodeError> errors = null!;
    private int eventFirstError;
    private long eventErrorBytes;
    private byte[]? meant;
    private int valuesBefore;
    private byte[]? surplusValues;

    /// <summary>Who sends what is decoded next; null when nobody knows, and then it will not be stored.</summary>
    public CatalogueSender? Sender { get; set; }

    public bool MetUnknown { get; private set; }

    public int SurplusErrors { get; private set; }

    /// <summary>Why those are bad, when all are for the same reason.</summary>
    public string? SurplusReason { get; private set; }

    public byte[]? SurplusValues => ValueSet.Trim(surplusValues);

    public void Begin(CatalogueSnapshot catalogue, DateTimeOffset now, IngestOptions options)
    {
        this.catalogue = catalogue;
        this.now = PostgresTime.ToMicroseconds(now);
        newest = PostgresTime.ToMicroseconds(now.AddSeconds(options.AheadSecondsMax));
        oldest = PostgresTime.ToMicroseconds(options.OldestReading);
        MetUnknown = false;
    }

    /// <param name="bytesBefore">Bytes of the event before the reader's first.</param>
    /// <param name="meant">Which of the event's values are decoded; null when all.</param>
    public void BeginEvent(ushort eventIndex, int bytesBefore, byte[]? meant, List<DecodedReading> decoded, List<DecodeError> errors)
    {
        this.eventIndex = eventIndex;
        this.bytesBefore = bytesBefore;
        this.meant = meant;
        this.decoded = decoded;
        this.errors = errors;
        eventFirstError = errors.Count;
        eventErrorBytes = 0;
        SurplusErrors = 0;
        SurplusReason = null;
        surplusValues = null;
        valuesBefore = 0;
        Sender = null;
    }

    /// <summary>Decodes the value that the reader stands on, to its end.</summary>
    public void Decode(ref Utf8JsonReader reader)
    {
        var start = (int)reader.TokenStartIndex;
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            AddReadingError(DeadLetterReason.Malformed, "The reading is no JSON object.", start, (int)reader.BytesConsumed - start, 1);
            valuesBefore++;
            return;
        }

        var (firstReading, firstError) = (decoded.Count, errors.Count);
        var element = new ReadingElement();
        ReadFields(ref reader, ref element);
        var length = (int)reader.BytesConsumed - start;
        var values = Math.Max(1, element.Entries);

        if (Refuse(element) is { } refusal)
        {
            CollectionsMarshal.SetCount(decoded, firstReading);
            CollectionsMarshal.SetCount(errors, firstError);
            AddReadingError(refusal.Reason, refusal.Detail, start, length, values);
        }
        else
        {
            if (element.DataPostponed)
                ReadData(ref element.Postponed, element.Sensor!);
            Complete(element, firstReading, firstError, start, length);
        }

        valuesBefore += values;
    }

    private void ReadFields(ref Utf8JsonReader reader, ref ReadingElement element)
    {
        Span<byte> nameBuffer = stackalloc byte[64];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var known = JsonText.TryUnescape(in reader, nameBuffer, out var name);
            var field = !known ? ReadingFields.None
                : name.SequenceEqual("sensor_id"u8) ? ReadingFields.SensorId
                : name.SequenceEqual("timestamp"u8) ? ReadingFields.Timestamp
                : name.SequenceEqual("data"u8) ? ReadingFields.Data
                : name.SequenceEqual("quality"u8) ? ReadingFields.Quality
                : ReadingFields.None;
            reader.Read();
            if ((element.Seen & field) != 0)
            {
                element.Fault ??= $"\"{JsonText.Describe(name)}\" appears twice.";
                field = ReadingFields.None;
            }

            element.Seen |= field;
            switch (field)
            {
                case ReadingFields.SensorId:
                    ReadSensorId(ref reader, ref element);
                    break;
                case ReadingFields.Timestamp:
                    element.ReadTimestamp(ref reader);
                    break;
                case ReadingFields.Quality:
                    element.ReadQuality(ref reader);
                    break;
                case ReadingFields.Data:
                    ReadOrPostponeData(ref reader, ref element);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
    }

    private void ReadSensorId(ref Utf8JsonReader reader, ref ReadingElement element)
    {
        if (element.TryReadSensorId(ref reader) && !catalogue.TryGetSensor(element.SensorId, out element.Sensor))
            MetUnknown = true;
    }

    // Metrics mean nothing without their sensor. Where "data" comes first the reader is kept as it stands, and the
    // metrics are read once the whole element was seen.
    private void ReadOrPostponeData(ref Utf8JsonReader reader, ref ReadingElement element)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            element.Fault ??= "\"data\" is no JSON object.";
            reader.Skip();
        }
        else if (element.Sensor is { } sensor)
        {
            element.Entries = ReadData(ref reader, sensor);
        }
        else
        {
            element.Postponed = reader;
            element.DataPostponed = true;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                element.Entries++;
                reader.Read();
                reader.Skip();
            }
        }
    }

    private int ReadData(ref Utf8JsonReader reader, CatalogueSensor sensor)
    {
        Span<byte> buffer = stackalloc byte[JsonText.BytesMax];
        var entries = 0;
        var firstError = errors.Count;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var entry = entries++;
            if (!ValueSet.Holds(meant, valuesBefore + entry))
            {
                reader.Read();
                reader.Skip();
                continue;
            }

            var point = default(CataloguePoint);
            var isKnown = JsonText.TryUnescape(in reader, buffer, out var metric) && sensor.TryFindPoint(metric, out point);
            reader.Read();
            if (!isKnown)
            {
                MetUnknown = true;
                AddMetricError(firstError, entry, DeadLetterReason.UnknownMetric, "has no metric", sensor, metric);
            }
            else if (reader.TokenType != JsonTokenType.Number || !reader.TryGetDouble(out var value) || !double.IsFinite(value))
            {
                AddMetricError(firstError, entry, DeadLetterReason.NotANumber, "has no finite number as", sensor, metric);
            }
            else
            {
                decoded.Add(new DecodedReading
                {
                    Value = value,
                    PointId = point.PointId,
                    EventIndex = eventIndex,
                    Quality = value < point.PlausibleMin || value > point.PlausibleMax ? ReadingQuality.Suspect : ReadingQuality.Good,
                });
                continue;
            }

            reader.Skip();
        }

        return entries;
    }

    private (string Reason, string Detail)? Refuse(in ReadingElement element)
    {
        if (element.Fault is { } fault)
            return (DeadLetterReason.Malformed, fault);
        if ((element.Seen & ReadingFields.SensorId) == 0)
            return (DeadLetterReason.Malformed, "\"sensor_id\" is missing.");
        if ((element.Seen & ReadingFields.Timestamp) == 0)
            return (DeadLetterReason.Malformed, "\"timestamp\" is missing.");
        if ((element.Seen & ReadingFields.Data) == 0)
            return (DeadLetterReason.Malformed, "\"data\" is missing.");
        if (element.Entries == 0)
            return (DeadLetterReason.Malformed, "\"data\" is empty.");
        if (element.Sensor is null)
            return (DeadLetterReason.UnknownSensor, $"No sensor has the id {element.SensorId}.");
        if (RefuseForeign(element.Sensor) is { } foreign)
            return foreign;
        if (element.TimeMicroseconds > newest)
            return (DeadLetterReason.Ahead, $"Its time is {Seconds(element.TimeMicroseconds - now)} s ahead of the clock here.");
        if (element.TimeMicroseconds < oldest)
            return (DeadLetterReason.TooOld, "Its time is before the oldest that is accepted at all.");
        var building = catalogue.FloorOf(element.Sensor).Building;
        if (building.RawRetentionDays is { } days && element.TimeMicroseconds < now - (days * TimeSpan.MicrosecondsPerDay))
            return (DeadLetterReason.TooOld, $"Building \"{building.Name}\" keeps readings for {days} days.");
        return null;
    }

    private (string Reason, string Detail)? RefuseForeign(CatalogueSensor sensor)
    {
        if (Sender is null || Sender.MaySendFor(catalogue.FloorOf(sensor).Building))
            return null;
        MetUnknown = true;
        return (DeadLetterReason.ForeignSensor, $"Sensor {sensor.SensorId} is in a building for which \"{Sender.Id}\" may not send.");
    }

    private void Complete(in ReadingElement element, int firstReading, int firstError, int start, int length)
    {
        foreach (ref var reading in CollectionsMarshal.AsSpan(decoded)[firstReading..])
        {
            reading.TimeMicroseconds = element.TimeMicroseconds;
            if (reading.Quality != ReadingQuality.Suspect)
                reading.Quality = element.Quality;
        }

        // Only now the reading's end is known. One error too many for the event is counted instead.
        var bad = errors.Count - firstError;
        if (bad == 0)
            return;
        var found = CollectionsMarshal.AsSpan(errors)[firstError..].ToArray();
        CollectionsMarshal.SetCount(errors, firstError);
        foreach (var error in found)
            AddError(error with { Start = bytesBefore + start, Length = length });
    }

    private void AddMetricError(int firstError, int entry, string reason, string verb, CatalogueSensor sensor, ReadOnlySpan<byte> metric)
    {
        if (errors.Count - firstError < ErrorsPerReadingMax)
        {
            byte[]? values = null;
            ValueSet.Add(ref values, entry);
            errors.Add(new DecodeError(reason, $"Sensor {sensor.SensorId} {verb} \"{JsonText.Describe(metric)}\".", 0, 0, 1, valuesBefore, values));
        }
        else
        {
            var values = errors[^1].Values;
            ValueSet.Add(ref values, entry);
            errors[^1] = errors[^1] with { Readings = errors[^1].Readings + 1, Values = values };
        }
    }

    // A whole reading, or what of it is meant.
    private void AddReadingError(string reason, string detail, int start, int length, int count)
    {
        var readings = ValueSet.Count(meant, valuesBefore, count);
        if (readings == 0)
            return;
        byte[]? values = null;
        for (var value = 0; readings < count && value < count; value++)
        {
            if (ValueSet.Holds(meant, valuesBefore + value))
                ValueSet.Add(ref values, value);
        }

        AddError(new DecodeError(reason, detail, bytesBefore + start, length, readings, valuesBefore, values));
    }

    private void AddError(in DecodeError error)
    {
        if (errors.Count - eventFirstError >= BatchDecoder.ErrorsPerEventMax
            || eventErrorBytes + error.Length > BatchDecoder.ErrorBytesPerEventMax)
        {
            SurplusReason = SurplusErrors == 0 || SurplusReason == error.Reason ? error.Reason : null;
            SurplusErrors += error.Readings;
            ValueSet.AddRange(ref surplusValues, error.FirstValue, error.Values, error.Readings);
            return;
        }

        eventErrorBytes += error.Length;
        errors.Add(error);
    }

    private static long Seconds(long microseconds) => microseconds / 1_000_000;
}
