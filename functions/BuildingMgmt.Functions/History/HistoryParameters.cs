using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Catalogue;

namespace BuildingMgmt.Functions.History;

/// <summary>Reads and checks the parameters of a history.</summary>
internal readonly ref struct HistoryParameters
{
    private const int PointsMaxLimit = 2_000;
    private const int RowsMaxLimit = 10_000;
    private const int RowsDefault = 1_000;
    private const int MetricsMax = 50;
    private const int SensorsMax = 200;

    // Some two seconds of reading. What is more than that at the points' intervals is shown by the hour, unless raw is asked for.
    private const double ReadingsOfAutoMax = 1_000_000;

    private readonly QueryReader query;

    /// <summary>Refuses what is no parameter of a history.</summary>
    public HistoryParameters(HttpRequest request) => query = new QueryReader(
        request,
        ["from", "to", "metric", "sensor_id", "resolution", "max_points", "limit", "cursor"],
        ["metric", "sensor_id"]);

    private bool AsksForPage => query.Has("limit") || query.Has("cursor");

    /// <summary>The query of a floor.</summary>
    /// <exception cref="ProblemException">400, naming the parameter.</exception>
    public HistoryQuery Of(CatalogueFloor floor, DateTime now)
    {
        var metrics = query.Texts("metric", MetricsMax);
        var sensors = query.Texts("sensor_id", SensorsMax)?.Select(id => PathId.Parse("sensor_id", id)).ToArray();
        var points = PointsOf(floor, metrics, sensors);
        var clock = new BuildingClock(floor.Building);
        var page = AsksForPage ? Page(floor, metrics, sensors) : null;
        var range = page?.After is { } after ? new HistoryRange(after.From, after.To, clock) : HistoryRangeReader.Read(query, clock, now);
        return new HistoryQuery(floor, points, range, Resolution(range, points))
        {
            PointsMax = query.Number("max_points", 2, PointsMaxLimit, PointsMaxLimit),
            NamesSensors = sensors is not null,
            Page = page,
        };
    }

    private HistoryPage Page(CatalogueFloor floor, string[]? metrics, Guid[]? sensors)
    {
        if (query.Has("max_points"))
            throw Bad("max_points", "\"max_points\" reduces series, and pages (\"limit\", \"cursor\") have every reading.", "Leave one of them out.");
        if (query.Given("resolution") is "hour" or "day")
            throw Bad("limit", "Only readings as they were stored come in pages.", "Leave \"limit\" and \"cursor\" out, or ask for resolution raw.");
        // Whatever decides which rows there are; the number of rows may change from page to page.
        var text = string.Join(
            '\n', floor.FloorId, query.Given("from"), query.Given("to"), string.Join(',', metrics ?? []), string.Join(',', sensors ?? []));
        return new HistoryPage(query.Number("limit", 1, RowsMaxLimit, RowsDefault), After(text), text);
    }

    private HistoryCursor? After(string text)
    {
        if (query.Given("cursor") is not { } given)
            return null;
        return HistoryCursor.TryParse(given, text, out var cursor)
            ? cursor
            : throw Bad(
                "cursor", "Parameter \"cursor\" is not a cursor of this query.",
                "Take it from \"next_cursor\" of the page before, and leave the other parameters as they were there.");
    }

    private HistoryResolution Resolution(HistoryRange range, List<CataloguePoint> points)
    {
        var asked = query.OneOf("resolution", "auto", "raw", "hour", "day");
        if (AsksForPage || asked == "raw")
            return HistoryResolution.Raw;
        return asked switch
        {
            "hour" => HistoryResolution.Hour,
            "day" => HistoryResolution.Day,
            _ => Fitting(range, points),
        };
    }

    // By the clock, so that seven days are seven days also when one of them has 23 hours.
    private static HistoryResolution Fitting(HistoryRange range, List<CataloguePoint> points)
    {
        var days = (range.Clock.LocalOf(range.To) - range.Clock.LocalOf(range.From)).TotalDays;
        var readings = (range.To - range.From).TotalSeconds * points.Sum(point => 1.0 / point.IntervalSeconds);
        if (days > 30)
            return HistoryResolution.Day;
        return days >= 7 || readings > ReadingsOfAutoMax ? HistoryResolution.Hour : HistoryResolution.Raw;
    }

    private static List<CataloguePoint> PointsOf(CatalogueFloor floor, string[]? metrics, Guid[]? sensors)
    {
        var foreign = sensors?.Where(id => floor.Sensors.All(sensor => sensor.SensorId != id)).Take(1).ToArray();
        if (foreign is [var id])
            throw Bad("sensor_id", $"There is no sensor \"{id}\" on this floor.", "Take ids from GET /api/sensors with this floor_id.");
        var known = floor.Sensors.SelectMany(sensor => sensor.Points).Select(point => point.Metric).ToHashSet(StringComparer.Ordinal);
        if (metrics?.FirstOrDefault(metric => !known.Contains(metric)) is { } unknown)
        {
            throw Bad(
                "metric", $"No sensor of this floor has the metric {QueryReader.Quote(unknown)}.",
                $"Metrics of this floor: {string.Join(", ", known.Order(StringComparer.Ordinal).Take(20))}.");
        }

        return
        [
            .. floor.Sensors
                .Where(sensor => sensors is null || sensors.Contains(sensor.SensorId))
                .SelectMany(sensor => sensor.Points)
                .Where(point => metrics is null || metrics.Contains(point.Metric))
                .OrderBy(point => point.PointId),
        ];
    }

    private static ProblemException Bad(string name, string detail, string hint) => new(Problem.BadValue(name, detail, hint));
}
