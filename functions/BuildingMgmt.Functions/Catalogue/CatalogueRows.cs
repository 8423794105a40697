namespace BuildingMgmt.Functions.Catalogue;

/// <summary>A building as the API shows it.</summary>
/// <param name="TimeZone">IANA name.</param>
/// <param name="RawRetentionDays">Readings that are older than this many days when they arrive are refused; null refuses none. Nothing is deleted.</param>
public sealed record Building(Guid BuildingId, string Name, string TimeZone, int? RawRetentionDays);

/// <summary>A floor as the API shows it.</summary>
public sealed record Floor(Guid FloorId, Guid BuildingId, string Name);

/// <summary>A sensor as the API shows it.</summary>
/// <param name="Zone">Name of the zone it is in; null when in none.</param>
/// <param name="Status">active, inactive or maintenance.</param>
/// <param name="Points">What it measures, by metric.</param>
public sealed record Sensor(
    Guid SensorId, Guid BuildingId, Guid FloorId, string? Zone, string Name, string Type, string Status, IReadOnlyList<Point> Points);

/// <summary>One measured quantity of a sensor.</summary>
/// <param name="Unit">May be empty.</param>
/// <param name="PlausibleMin">A value below is stored as suspect; null sets no bound.</param>
/// <param name="PlausibleMax">A value above is stored as suspect; null sets no bound.</param>
/// <param name="IntervalSeconds">Expected between two readings.</param>
/// <param name="Reporting">interval, or on_change: a value holds until the next one, at most three intervals and no longer than a day.</param>
public sealed record Point(
    string Metric, string Unit, double? PlausibleMin, double? PlausibleMax, int IntervalSeconds, string Reporting);
