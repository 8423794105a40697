using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using BuildingMgmt.Functions.Catalogue;

namespace BuildingMgmt.Functions.History;

/// <summary>Writes a history as JSON. A page has the same series, as far as it has rows of them.</summary>
internal static class HistoryJson
{
    private static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(IHistoryContent content)
    {
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        using var writer = new Utf8JsonWriter(buffer, WriterOptions);
        writer.WriteStartObject();
        WriteQuery(writer, content.Query);
        if (content is HistoryChart chart)
            WriteChart(writer, chart);
        else
            WriteRows(writer, (HistoryRows)content);
        writer.WriteEndObject();
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteQuery(Utf8JsonWriter writer, HistoryQuery query)
    {
        writer.WriteString("floor_id"u8, query.Floor.FloorId);
        writer.WriteString("time_zone"u8, query.Floor.Building.TimeZone);
        writer.WriteString("from"u8, query.Range.From);
        writer.WriteString("to"u8, query.Range.To);
        writer.WriteString("resolution"u8, query.Resolution.Name());
    }

    private static void WriteChart(Utf8JsonWriter writer, HistoryChart chart)
    {
        writer.WriteNumber("max_points"u8, chart.PointsMax);
        writer.WriteBoolean("max_points_lowered"u8, chart.IsLowered);
        writer.WriteStartArray("series"u8);
        foreach (var series in chart.Series)
            WriteSeries(writer, series, chart.Query);
        writer.WriteEndArray();
    }

    private static void WriteSeries(Utf8JsonWriter writer, HistorySeries series, HistoryQuery query)
    {
        writer.WriteStartObject();
        WritePoint(writer, series.Point);
        writer.WriteNumber("available"u8, series.Available);
        writer.WriteBoolean("reduced"u8, series.IsReduced);
        writer.WriteNumber("count"u8, series.Count);
        if (series.Coverage is { } coverage)
            WriteShare(writer, "coverage"u8, coverage);
        else
            writer.WriteNull("coverage"u8);
        writer.WriteString("worst_quality"u8, series.WorstQuality.Name());
        writer.WriteStartArray("points"u8);
        foreach (var sample in series.Samples)
        {
            if (query.Resolution == HistoryResolution.Raw)
                WriteReading(writer, sample);
            else
                WriteBucket(writer, sample, query);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteRows(Utf8JsonWriter writer, HistoryRows page)
    {
        writer.WriteNumber("rows"u8, page.Count);
        writer.WriteStartArray("series"u8);
        foreach (var rows in page.Rows.GroupBy(row => row.Point))
        {
            writer.WriteStartObject();
            WritePoint(writer, rows.Key);
            writer.WriteStartArray("points"u8);
            foreach (var row in rows)
                WriteReading(writer, row.Sample);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        writer.WriteString("next_cursor"u8, page.NextCursor);
    }

    private static void WritePoint(Utf8JsonWriter writer, CataloguePoint point)
    {
        writer.WriteString("sensor_id"u8, point.Sensor.SensorId);
        writer.WriteString("sensor"u8, point.Sensor.Name);
        writer.WriteString("metric"u8, point.MetricUtf8);
        writer.WriteString("unit"u8, point.Unit);
    }

    private static void WriteReading(Utf8JsonWriter writer, HistorySample sample)
    {
        writer.WriteStartObject();
        writer.WriteString("timestamp"u8, sample.At);
        WriteValue(writer, "value"u8, sample.Value);
        writer.WriteString("quality"u8, sample.Quality.Name());
        writer.WriteEndObject();
    }

    private static void WriteBucket(Utf8JsonWriter writer, HistorySample sample, HistoryQuery query)
    {
        writer.WriteStartObject();
        writer.WriteString("timestamp"u8, sample.At);
        if (query.Resolution == HistoryResolution.Day)
            writer.WriteString("day"u8, query.Range.Clock.DayOf(sample.At).ToString("O", CultureInfo.InvariantCulture));
        WriteValue(writer, "avg"u8, sample.Value);
        WriteValue(writer, "min"u8, sample.Min);
        WriteValue(writer, "max"u8, sample.Max);
        writer.WriteNumber("count"u8, sample.Count);
        WriteShare(writer, "coverage"u8, sample.Coverage);
        writer.WriteString("worst_quality"u8, sample.Quality.Name());
        writer.WriteEndObject();
    }

    private static void WriteShare(Utf8JsonWriter writer, ReadOnlySpan<byte> name, double share) => writer.WriteNumber(name, Math.Round(share, 4));

    private static void WriteValue(Utf8JsonWriter writer, ReadOnlySpan<byte> name, double value)
    {
        if (double.IsNaN(value))
            writer.WriteNull(name);
        else
            writer.WriteNumber(name, value);
    }
}
