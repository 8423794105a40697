using System.Buffers.Text;
using System.Text.Json;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.LatestValues;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>The fields of a reading that mean something.</summary>
[Flags]
internal enum ReadingFields
{
    None = 0,
    SensorId = 1,
    Timestamp = 2,
    Data = 4,
    Quality = 8,
}

/// <summary>What was read so far of one element of a batch.</summary>
internal ref struct ReadingElement
{
    public ReadingFields Seen;

    /// <summary>The first thing that is wrong with it, if anything is.</summary>
    public string? Fault;

    public Guid SensorId;
    public CatalogueSensor? Sensor;
    public long TimeMicroseconds;
    public ReadingQuality Quality;

    /// <summary>How many metrics it has, good or bad.</summary>
    public int Entries;

    /// <summary>Whether "data" came before "sensor_id", and is read from <see cref="Postponed"/>.</summary>
    public bool DataPostponed;

    /// <summary>A reader that stands on "data".</summary>
    public Utf8JsonReader Postponed;

    public bool TryReadSensorId(ref Utf8JsonReader reader)
    {
        Span<byte> buffer = stackalloc byte[JsonText.BytesMax];
        if (reader.TokenType == JsonTokenType.String
            && JsonText.TryUnescape(in reader, buffer, out var text)
            && Utf8Parser.TryParse(text, out SensorId, out var consumed)
            && consumed == text.Length)
        {
            return true;
        }

        Fault ??= "\"sensor_id\" is no UUID.";
        reader.Skip();
        return false;
    }

    public void ReadTimestamp(ref Utf8JsonReader reader)
    {
        Span<byte> buffer = stackalloc byte[JsonText.BytesMax];
        if (reader.TokenType == JsonTokenType.String
            && JsonText.TryUnescape(in reader, buffer, out var text)
            && ReadingTimestamp.TryParse(text, out TimeMicroseconds))
        {
            return;
        }

        Fault ??= "\"timestamp\" is no ISO 8601 time with Z or an offset.";
        reader.Skip();
    }

    public void ReadQuality(ref Utf8JsonReader reader)
    {
        Span<byte> buffer = stackalloc byte[JsonText.BytesMax];
        if (reader.TokenType == JsonTokenType.Null)
            return;
        if (reader.TokenType == JsonTokenType.String && JsonText.TryUnescape(in reader, buffer, out var text))
        {
            if (text.SequenceEqual("good"u8))
                return;
            if (text.SequenceEqual("uncertain"u8))
            {
                Quality = ReadingQuality.Uncertain;
                return;
            }

            if (text.SequenceEqual("bad"u8))
            {
                Quality = ReadingQuality.Bad;
                return;
            }
        }

        Fault ??= "\"quality\" is none of good, uncertain and bad.";
        reader.Skip();
    }
}
