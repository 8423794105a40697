using System.Globalization;
using BuildingMgmt.Database;

namespace BuildingMgmt.Simulator.Replay;

/// <summary>One line of <c>sensors.csv</c>: one quantity of one sensor.</summary>
/// <param name="Floor">An empty one became <c>-</c>.</param>
/// <param name="Metric">The line's <c>type</c>.</param>
internal sealed record DataSetPoint(
    string Building, string Floor, string? Zone, string Sensor, string Metric, string Unit, int IntervalSeconds)
{
    public Guid SensorId { get; } = StableId.Create($"building/{Building}/floor/{Floor}/sensor/{Sensor}");
}

/// <summary>One row of <c>readings.csv.gz</c>.</summary>
/// <param name="Text">What stood in place of a number; null for a number. It is sent as it stands, for the system to record.</param>
internal readonly record struct DataSetRow(DataSetPoint Point, DateTimeOffset Timestamp, double Value, string? Text)
{
    /// <summary>The source had no value: nothing to send.</summary>
    public bool IsMissing => Text is "";
}

/// <summary>
/// A folder with <c>sensors.csv</c> (<c>building, floor, zone, sensor, type, unit, median_interval_s</c>, and more) and
/// <c>readings.csv.gz</c> (<c>building, floor, zone, sensor, type, unit, timestamp_utc, value</c>).
/// </summary>
internal sealed class DataSet
{
    private const string SensorsFile = "sensors.csv";
    private const string ReadingsFile = "readings.csv.gz";
    private const int IntervalSecondsDefault = 60;

    private static readonly string[] TimestampFormats =
        ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mm:ssK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK"];

    private readonly string _folder;
    private readonly Dictionary<(string Building, string Floor, string Sensor, string Metric), DataSetPoint> _points;

    private DataSet(string folder, IReadOnlyList<DataSetPoint> points)
    {
        _folder = folder;
        Points = points;
        _points = points.ToDictionary(point => (point.Building, point.Floor, point.Sensor, point.Metric));
    }

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<DataSetPoint> Points { get; }

    public IReadOnlyList<string> Buildings => [.. Points.Select(point => point.Building).Distinct()];

    /// <summary>Reads <c>sensors.csv</c>.</summary>
    /// <exception cref="CommandException">The folder holds no data set, or a line is wrong; the message names it.</exception>
    public static DataSet Open(string folder)
    {
        using var table = new CsvTable(
            OpenFile(folder, SensorsFile), SensorsFile, "building", "floor", "zone", "sensor", "type", "unit", "median_interval_s");
        var points = new List<DataSetPoint>();
        var zones = new Dictionary<Guid, string?>();
        var known = new HashSet<(Guid, string)>();
        while (table.Read())
        {
            if (table[0] is "" || table[3] is "" || table[4] is "")
                throw table.Error("Building, sensor and type must not be empty.");
            var point = new DataSetPoint(
                table[0], FloorName(table[1]), table[2] is "" ? null : table[2], table[3], table[4], table[5], Interval(table));
            if (!known.Add((point.SensorId, point.Metric)))
                throw table.Error($"Sensor \"{point.Sensor}\" with type \"{point.Metric}\" stands twice on floor \"{point.Floor}\".");
            if (!zones.TryAdd(point.SensorId, point.Zone) && zones[point.SensorId] != point.Zone)
                throw table.Error($"Sensor \"{point.Sensor}\" is in two zones, \"{zones[point.SensorId]}\" and \"{point.Zone}\".");
            points.Add(point);
        }

        return points.Count == 0 ? throw table.Error("The file names no sensor.") : new DataSet(folder, points);
    }

    /// <summary>Reads <c>readings.csv.gz</c> as a stream, in the order of the file; one row is in memory at a time.</summary>
    /// <exception cref="CommandException">A row is wrong: too few columns, a bad timestamp, an unknown sensor. The message names its line.</exception>
    public IEnumerable<DataSetRow> ReadRows()
    {
        using var table = new CsvTable(
            Decompress(OpenFile(_folder, ReadingsFile)),
            ReadingsFile, "building", "floor", "sensor", "type", "timestamp_utc", "value");
        while (table.Read())
        {
            if (!_points.TryGetValue((table[0], FloorName(table[1]), table[2], table[3]), out var point))
            {
                throw table.Error(
                    $"Sensor \"{table[2]}\" with type \"{table[3]}\" of building \"{table[0]}\", floor \"{table[1]}\", is not in {SensorsFile}.");
            }

            if (!DateTimeOffset.TryParseExact(
                table[4], TimestampFormats, CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var timestamp))
            {
                throw table.Error($"\"{table[4]}\" is no timestamp such as 2022-10-05T22:00:00Z.");
            }

            var text = table[5];
            yield return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && double.IsFinite(value)
                ? new DataSetRow(point, timestamp, value, null)
                : new DataSetRow(point, timestamp, 0, text);
        }
    }

    /// <summary>
    /// The buildings of the set as the catalogue knows them, without gateways. Points get no plausible range: the set
    /// names none, and real readings must not become suspect by an invention of ours.
    /// </summary>
    public IReadOnlyList<BuildingSpec> Specifications(string timeZone) =>
        [.. Points.GroupBy(point => point.Building).Select(building => new BuildingSpec(
            StableId.Create($"building/{building.Key}"),
            building.Key,
            timeZone,
            [.. building.GroupBy(point => point.Floor).Select(floor => new FloorSpec(
                StableId.Create($"building/{building.Key}/floor/{floor.Key}"),
                floor.Key,
                [.. floor.GroupBy(point => point.SensorId).Select(sensor => new SensorSpec(
                    sensor.Key, sensor.First().Sensor, sensor.First().Metric, sensor.First().Zone,
                    [.. sensor.Select(point => new PointSpec(point.Metric, point.Unit, null, null, point.IntervalSeconds))]))]))],
            []))];

    private static string FloorName(string floor) => floor is "" ? "-" : floor;

    private static int Interval(CsvTable table)
    {
        if (table[6] is "")
            return IntervalSecondsDefault;
        return double.TryParse(table[6], NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds)
            && seconds is >= 0 and <= int.MaxValue
                ? Math.Max(1, (int)Math.Round(seconds))
                : throw table.Error($"\"{table[6]}\" in median_interval_s is no number of seconds.");
    }

    private static WholeGzipStream Decompress(FileStream file)
    {
        try
        {
            return new WholeGzipStream(file);
        }
        catch (InvalidDataException exception)
        {
            throw new CommandException($"{ReadingsFile}: {exception.Message}");
        }
    }

    private static FileStream OpenFile(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 64 * 1024, FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CommandException(
                $"\"{path}\" cannot be read: {exception.Message} A data set is a folder with {SensorsFile} and {ReadingsFile}.");
        }
    }
}
