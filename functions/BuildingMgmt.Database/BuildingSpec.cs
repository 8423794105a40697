namespace BuildingMgmt.Database;

/// <summary>A building as it is imported: ids are the importer's own (see <see cref="StableId"/>), so that an import can be repeated.</summary>
/// <param name="TimeZone">IANA name, for example <c>Europe/Amsterdam</c>.</param>
public sealed record BuildingSpec(
    Guid BuildingId,
    string Name,
    string TimeZone,
    IReadOnlyList<FloorSpec> Floors,
    IReadOnlyList<GatewaySpec> Gateways);

/// <summary>A floor; its name is unique within its building.</summary>
public sealed record FloorSpec(Guid FloorId, string Name, IReadOnlyList<SensorSpec> Sensors);

/// <summary>A physical sensor; its name is unique within its floor. Zones are made as they are named.</summary>
public sealed record SensorSpec(Guid SensorId, string Name, string Type, string? Zone, IReadOnlyList<PointSpec> Points);

/// <summary>One measured quantity of a sensor.</summary>
/// <param name="PlausibleMin">A value below is stored as suspect; null sets no bound.</param>
/// <param name="PlausibleMax">A value above is stored as suspect; null sets no bound.</param>
/// <param name="IntervalSeconds">Expected time between two readings, at least 1.</param>
/// <param name="Reporting">
/// <c>interval</c>, or <c>on_change</c>: a value holds until the next one, at most three intervals and no longer than a day.
/// </param>
public sealed record PointSpec(
    string Metric, string Unit, double? PlausibleMin, double? PlausibleMax, int IntervalSeconds, string Reporting = "interval");

/// <summary>A gateway and its secret, of which only a hash is stored.</summary>
public sealed record GatewaySpec(string GatewayId, string Secret);

/// <summary>A user with one role for all buildings: viewer, operator, engineer, admin or ingest.</summary>
public sealed record UserSpec(string Username, string Password, string Role);
