namespace BuildingMgmt.Functions.Catalogue;

/// <summary>The queries that the catalogue in memory is read by.</summary>
internal static class CatalogueSql
{
    public const string Stamp = "SELECT version, stamp FROM catalogue_version";

    public const string Changes =
        "SELECT version, stamp, is_of_structure, sensor_ids FROM catalogue_change WHERE version >= $1 ORDER BY version";

    // By floor and name, as their unique index has them.
    public const string Sensors = SensorColumns + " ORDER BY s.floor_id, s.name";

    public const string Points = PointColumns + " ORDER BY point_id";

    public const string ChangedSensors = SensorColumns + " WHERE s.sensor_id = ANY($1)";

    public const string ChangedPoints = PointColumns + " WHERE sensor_id = ANY($1) ORDER BY sensor_id, point_id";

    // The order of names is PostgreSQL's to say.
    public const string ChangedFloorOrders = """
        SELECT floor_id, sensor_id FROM sensor
        WHERE floor_id IN (SELECT floor_id FROM sensor WHERE sensor_id = ANY($1))
        ORDER BY floor_id, name
        """;

    private const string SensorColumns = """
        SELECT s.sensor_id, s.name, s.type, s.status, z.zone_id, z.name, s.floor_id
        FROM sensor s LEFT JOIN zone z ON z.zone_id = s.zone_id
        """;

    private const string PointColumns =
        "SELECT point_id, sensor_id, metric, unit, plausible_min, plausible_max, interval_s FROM point";

    public static readonly string[] Structure =
    [
        "SELECT building_id, name, time_zone, raw_retention_days FROM building ORDER BY name",
        "SELECT floor_id, f.name, building_id FROM floor f JOIN building b USING (building_id) ORDER BY b.name, f.name",
        "SELECT gateway_id, active, building_id FROM gateway",
        "SELECT username, active, role, building_id FROM app_user JOIN user_grant USING (username) ORDER BY username",
    ];
}
