using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace BuildingMgmt.Functions.Catalogue;

/// <summary>The whole catalogue at one version. It never changes: what was looked up stays right for as long as it is held.</summary>
public sealed class CatalogueSnapshot
{
    private readonly Dictionary<Guid, CatalogueSensor> sensors;
    private readonly FrozenDictionary<Guid, CatalogueFloor> floors;
    private readonly CataloguePoint[] points;
    private readonly CatalogueSenders senders;

    internal CatalogueSnapshot(
        long version,
        IReadOnlyList<CatalogueBuilding> buildings,
        Dictionary<Guid, CatalogueSensor> sensors,
        CataloguePoint[] points,
        IEnumerable<CatalogueSender> senders)
    {
        Version = version;
        Buildings = buildings;
        this.sensors = sensors;
        this.points = points;
        this.senders = new CatalogueSenders(senders);
        floors = buildings.SelectMany(building => building.Floors).ToFrozenDictionary(floor => floor.FloorId);
    }

    /// <summary>The version of the catalogue in PostgreSQL that this was read at.</summary>
    public long Version { get; }

    /// <summary>All buildings, by name.</summary>
    public IReadOnlyList<CatalogueBuilding> Buildings { get; }

    /// <summary>All points, by id. A point's place here is its <see cref="CataloguePoint.Index"/>.</summary>
    public ReadOnlySpan<CataloguePoint> Points => points;

    /// <summary>Finds a point by its id.</summary>
    public bool TryGetPoint(int pointId, [NotNullWhen(true)] out CataloguePoint? point)
    {
        var (low, high) = (0, points.Length - 1);
        while (low <= high)
        {
            var middle = (int)(((uint)low + (uint)high) >> 1);
            point = points[middle];
            if (point.PointId == pointId)
                return true;
            if (point.PointId < pointId)
                low = middle + 1;
            else
                high = middle - 1;
        }

        point = null;
        return false;
    }

    /// <summary>Finds a floor.</summary>
    public bool TryGetFloor(Guid floorId, [NotNullWhen(true)] out CatalogueFloor? floor) => floors.TryGetValue(floorId, out floor);

    /// <summary>Finds a sensor.</summary>
    public bool TryGetSensor(Guid sensorId, [NotNullWhen(true)] out CatalogueSensor? sensor) => sensors.TryGetValue(sensorId, out sensor);

    /// <summary>Finds who sends under this id, UTF-8, without garbage; null when nobody does.</summary>
    public CatalogueSender? FindSender(ReadOnlySpan<byte> idUtf8) => senders.Find(idUtf8);
}

/// <summary>A building and its floors, by name.</summary>
/// <param name="TimeZone">IANA name.</param>
/// <param name="RawRetentionDays">Readings that are older than this many days when they arrive are refused; null refuses none. Nothing is deleted.</param>
public sealed record CatalogueBuilding(Guid BuildingId, string Name, string TimeZone, int? RawRetentionDays)
{
    /// <summary>Floors, by name.</summary>
    public IReadOnlyList<CatalogueFloor> Floors { get; internal set; } = [];

    /// <inheritdoc/>
    public bool Equals(CatalogueBuilding? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => BuildingId.GetHashCode();
}

/// <summary>A floor of a building.</summary>
public sealed record CatalogueFloor(Guid FloorId, string Name, CatalogueBuilding Building)
{
    /// <summary>Sensors, by name.</summary>
    public IReadOnlyList<CatalogueSensor> Sensors { get; internal set; } = [];

    /// <inheritdoc/>
    public bool Equals(CatalogueFloor? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => FloorId.GetHashCode();
}

/// <summary>A zone of a floor.</summary>
public sealed record CatalogueZone(Guid ZoneId, string Name);

/// <summary>Whether a sensor is in use.</summary>
public enum SensorStatus
{
    /// <summary>In use.</summary>
    Active,

    /// <summary>Out of use: stored if it still sends, and not shown.</summary>
    Inactive,

    /// <summary>Being worked on.</summary>
    Maintenance,

    /// <summary>What a later build means by it is not known here: stored if it sends, and not shown.</summary>
    Other,
}

/// <summary>A sensor of a floor.</summary>
public sealed record CatalogueSensor(
    Guid SensorId, string Name, string Type, SensorStatus Status, CatalogueZone? Zone, CatalogueFloor Floor)
{
    private CataloguePoint[] points = [];

    /// <summary>What it measures, by point id.</summary>
    public IReadOnlyList<CataloguePoint> Points => points;

    internal void SetPoints(CataloguePoint[] value) => points = value;

    /// <summary>Finds the point of a metric by the metric's UTF-8 name, or gives null. A sensor has few: looking through them beats hashing.</summary>
    public CataloguePoint? FindPoint(ReadOnlySpan<byte> metricUtf8)
    {
        foreach (var point in points)
        {
            if (metricUtf8.SequenceEqual(point.MetricUtf8))
                return point;
        }

        return null;
    }

    /// <inheritdoc/>
    public bool Equals(CatalogueSensor? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => SensorId.GetHashCode();
}

/// <summary>One measured quantity of one sensor.</summary>
public sealed class CataloguePoint
{
    private readonly byte[] metricUtf8;

    internal CataloguePoint(int pointId, int index, CatalogueSensor sensor, MetricName metric, string unit)
    {
        PointId = pointId;
        Index = index;
        Sensor = sensor;
        Metric = metric.Text;
        metricUtf8 = metric.Utf8;
        Unit = unit;
    }

    /// <summary>Key of the point's readings.</summary>
    public int PointId { get; }

    /// <summary>Place in <see cref="CatalogueSnapshot.Points"/>.</summary>
    public int Index { get; }

    /// <summary>The sensor that measures it.</summary>
    public CatalogueSensor Sensor { get; }

    /// <summary>Name of the quantity, for example <c>temperature</c>.</summary>
    public string Metric { get; }

    /// <summary>The same in UTF-8.</summary>
    public ReadOnlySpan<byte> MetricUtf8 => metricUtf8;

    /// <summary>Unit, for example <c>degC</c>; may be empty.</summary>
    public string Unit { get; }

    /// <summary>A value below is suspect; negative infinity sets no bound.</summary>
    public double PlausibleMin { get; init; } = double.NegativeInfinity;

    /// <summary>A value above is suspect; positive infinity sets no bound.</summary>
    public double PlausibleMax { get; init; } = double.PositiveInfinity;

    /// <summary>Expected seconds between two readings.</summary>
    public int IntervalSeconds { get; init; }
}

/// <summary>A metric's name, kept once for all points that have it.</summary>
internal sealed record MetricName(string Text, byte[] Utf8);
