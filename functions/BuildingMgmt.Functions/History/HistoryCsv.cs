using System.Globalization;
using System.Text;
using BuildingMgmt.Functions.Catalogue;

namespace BuildingMgmt.Functions.History;

/// <summary>
/// Writes a history as a table (RFC 4180): a header, one line for each sample, none for a gap. Text that a spreadsheet would take for a
/// formula gets an apostrophe before it.
/// </summary>
internal static class HistoryCsv
{
    private const string LineEnd = "\r\n";

    public static byte[] Write(IHistoryContent content)
    {
        var text = new StringBuilder(64 * 1024);
        text.Append(Header(content.Query.Resolution)).Append(LineEnd);
        foreach (var (point, samples) in SamplesOf(content))
        {
            var cells = PointCells(point);
            foreach (var sample in samples.Where(sample => !sample.IsGap))
                AppendLine(text, cells, sample, content.Query);
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string Header(HistoryResolution resolution) => resolution switch
    {
        HistoryResolution.Raw => "timestamp,sensor_id,sensor,metric,unit,value,quality",
        HistoryResolution.Hour => "timestamp,sensor_id,sensor,metric,unit,avg,min,max,count,coverage,worst_quality",
        _ => "timestamp,day,sensor_id,sensor,metric,unit,avg,min,max,count,coverage,worst_quality",
    };

    private static IEnumerable<(CataloguePoint Point, IEnumerable<HistorySample> Samples)> SamplesOf(IHistoryContent content) => content switch
    {
        HistoryChart chart => chart.Series.Select(series => (series.Point, (IEnumerable<HistorySample>)series.Samples)),
        _ => ((HistoryRows)content).Rows.GroupBy(row => row.Point, row => row.Sample).Select(rows => (rows.Key, (IEnumerable<HistorySample>)rows)),
    };

    private static string PointCells(CataloguePoint point) =>
        $"{point.Sensor.SensorId},{Cell(point.Sensor.Name)},{Cell(point.Metric)},{Cell(point.Unit)}";

    private static void AppendLine(StringBuilder text, string pointCells, HistorySample sample, HistoryQuery query)
    {
        text.Append(CultureInfo.InvariantCulture, $"{sample.At:yyyy-MM-ddTHH:mm:ss.FFFFFF}Z,");
        if (query.Resolution == HistoryResolution.Day)
            text.Append(CultureInfo.InvariantCulture, $"{query.Range.Clock.DayOf(sample.At):O},");
        text.Append(pointCells).Append(',').Append(Number(sample.Value)).Append(',');
        if (query.Resolution != HistoryResolution.Raw)
        {
            text.Append(Number(sample.Min)).Append(',').Append(Number(sample.Max)).Append(',');
            text.Append(CultureInfo.InvariantCulture, $"{sample.Count},{Math.Round(sample.Coverage, 4)},");
        }

        text.Append(sample.Quality.Name()).Append(LineEnd);
    }

    private static string Number(double value) => double.IsNaN(value) ? "" : value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>A text as a cell.</summary>
    internal static string Cell(string text)
    {
        var safe = text.Length > 0 && "=+-@\t\r\n".Contains(text[0], StringComparison.Ordinal) ? $"'{text}" : text;
        return safe.AsSpan().IndexOfAny(",\"\r\n") < 0 ? safe : $"\"{safe.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}
