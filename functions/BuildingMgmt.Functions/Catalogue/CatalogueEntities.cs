using System.Text;

namespace BuildingMgmt.Functions.Catalogue;

/// <summary>A building.</summary>
/// <param name="TimeZone">IANA name.</param>
/// <param name="RawRetentionDays">Readings that are older than this many days when they arrive are refused; null refuses none. Nothing is deleted.</param>
public sealed record CatalogueBuilding(Guid BuildingId, string Name, string TimeZone, int? RawRetentionDays)
{
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
/// <param name="FloorIndex">Place of its floor, which a snapshot finds: a floor that changes makes no other sensors.</param>
public sealed record CatalogueSensor(
    Guid SensorId, string Name, string Type, SensorStatus Status, CatalogueZone? Zone, int FloorIndex)
{
    private CataloguePoint[] points = [];

    /// <summary>What it measures, by point id.</summary>
    public IReadOnlyList<CataloguePoint> Points => points;

    internal void AddPoints(ReadOnlySpan<CataloguePoint> added) => points = [.. points, .. added];

    /// <summary>Finds the point of a metric by the metric's UTF-8 name. A sensor has few: looking through them beats hashing.</summary>
    public bool TryFindPoint(ReadOnlySpan<byte> metricUtf8, out CataloguePoint found)
    {
        foreach (ref readonly var point in points.AsSpan())
        {
            if (metricUtf8.SequenceEqual(point.MetricUtf8))
            {
                found = point;
                return true;
            }
        }

        found = default;
        return false;
    }

    /// <inheritdoc/>
    public bool Equals(CatalogueSensor? other) => ReferenceEquals(this, other);

    /// <inheritdoc/>
    public override int GetHashCode() => SensorId.GetHashCode();
}

/// <summary>One measured quantity of one sensor: 24 bytes, as a million of them are held.</summary>
public readonly struct CataloguePoint
{
    private readonly PointKind kind;

    internal CataloguePoint(int pointId, CatalogueSensor sensor, PointKind kind)
    {
        PointId = pointId;
        Sensor = sensor;
        this.kind = kind;
    }

    /// <summary>Key of the point's readings.</summary>
    public int PointId { get; }

    /// <summary>The sensor that measures it.</summary>
    public CatalogueSensor Sensor { get; }

    /// <summary>Name of the quantity, for example <c>temperature</c>.</summary>
    public string Metric => kind.Metric.Text;

    /// <summary>The same in UTF-8.</summary>
    public ReadOnlySpan<byte> MetricUtf8 => kind.Metric.Utf8;

    /// <summary>Unit, for example <c>degC</c>; may be empty.</summary>
    public string Unit => kind.Unit;

    /// <summary>A value below is suspect; negative infinity sets no bound.</summary>
    public double PlausibleMin => kind.PlausibleMin;

    /// <summary>A value above is suspect; positive infinity sets no bound.</summary>
    public double PlausibleMax => kind.PlausibleMax;

    /// <summary>Expected seconds between two readings.</summary>
    public int IntervalSeconds => kind.IntervalSeconds;
}

/// <summary>What points of the same kind have in common, kept once for all of them.</summary>
internal sealed record PointKind(MetricName Metric, string Unit, double PlausibleMin, double PlausibleMax, int IntervalSeconds);

/// <summary>A metric's name, kept once for all that have it.</summary>
internal sealed class MetricName(string text)
{
    public string Text { get; } = text;

    public byte[] Utf8 { get; } = Encoding.UTF8.GetBytes(text);
}
