using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Database;

/// <summary>Writes a building with all that belongs to it into the catalogue, in one transaction and few statements.</summary>
public static class CatalogueImport
{
    // Rows that exist are updated by a statement of their own, and only where they differ: an upsert would draw a number from
    // point's identity for each conflict, and write a new row version for each unchanged row.
    private const string BuildingSql = """
        INSERT INTO building (building_id, name, time_zone) VALUES ($1, $2, $3)
        ON CONFLICT (building_id) DO UPDATE SET name = excluded.name, time_zone = excluded.time_zone
        """;

    private const string FloorSql = """
        INSERT INTO floor (floor_id, building_id, name)
        SELECT floor_id, $1, name FROM unnest($2, $3) AS given (floor_id, name)
        ON CONFLICT (floor_id) DO UPDATE SET name = excluded.name
        """;

    private const string ZoneSql = """
        INSERT INTO zone (zone_id, floor_id, name)
        SELECT zone_id, floor_id, name FROM unnest($1, $2, $3) AS given (zone_id, floor_id, name)
        ON CONFLICT (floor_id, name) DO NOTHING
        """;

    private const string SensorSql = """
        INSERT INTO sensor (sensor_id, floor_id, zone_id, name, type)
        SELECT given.sensor_id, given.floor_id, zone.zone_id, given.name, given.type
        FROM unnest($1, $2, $3, $4, $5) AS given (sensor_id, floor_id, zone_name, name, type)
        LEFT JOIN zone ON zone.floor_id = given.floor_id AND zone.name = given.zone_name
        ON CONFLICT (sensor_id) DO UPDATE
            SET floor_id = excluded.floor_id, zone_id = excluded.zone_id, name = excluded.name, type = excluded.type
        """;

    private const string PointUpdateSql = """
        UPDATE point
        SET unit = given.unit, plausible_min = given.plausible_min, plausible_max = given.plausible_max, interval_s = given.interval_s,
            reporting = given.reporting
        FROM unnest($1, $2, $3, $4, $5, $6, $7) AS given (sensor_id, metric, unit, plausible_min, plausible_max, interval_s, reporting)
        WHERE point.sensor_id = given.sensor_id AND point.metric = given.metric
            AND (point.unit, point.plausible_min, point.plausible_max, point.interval_s, point.reporting)
                IS DISTINCT FROM (given.unit, given.plausible_min, given.plausible_max, given.interval_s, given.reporting)
        """;

    private const string PointInsertSql = """
        INSERT INTO point (sensor_id, metric, unit, plausible_min, plausible_max, interval_s, reporting)
        SELECT given.*
        FROM unnest($1, $2, $3, $4, $5, $6, $7) AS given (sensor_id, metric, unit, plausible_min, plausible_max, interval_s, reporting)
        WHERE NOT EXISTS (SELECT FROM point WHERE point.sensor_id = given.sensor_id AND point.metric = given.metric)
        """;

    private const string GatewaySql = """
        INSERT INTO gateway (gateway_id, building_id, secret_hash)
        SELECT gateway_id, $1, secret_hash FROM unnest($2, $3) AS given (gateway_id, secret_hash)
        ON CONFLICT (gateway_id) DO UPDATE SET building_id = excluded.building_id, secret_hash = excluded.secret_hash
        """;

    /// <summary>
    /// Makes the catalogue say what the specification says. It adds and changes, and never removes: a sensor that is no
    /// longer named stays, with its readings. Importing the same again changes nothing.
    /// </summary>
    /// <exception cref="InvalidOperationException">A name is taken by a row with another id, or a value breaks a rule of the schema.</exception>
    public static async Task ImportAsync(NpgsqlDataSource dataSource, BuildingSpec building, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(dataSource);
        ArgumentNullException.ThrowIfNull(building);

        var sensors = building.Floors.SelectMany(floor => floor.Sensors, (floor, sensor) => (Floor: floor, Sensor: sensor)).ToArray();
        var zones = sensors.Where(pair => pair.Sensor.Zone is not null)
            .Select(pair => (pair.Floor.FloorId, Name: pair.Sensor.Zone!))
            .Distinct()
            .ToArray();
        var points = sensors.SelectMany(pair => pair.Sensor.Points, (pair, point) => (pair.Sensor.SensorId, Point: point)).ToArray();

        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                Command(BuildingSql, One(building.BuildingId), One(building.Name), One(building.TimeZone)),
                Command(
                    FloorSql,
                    One(building.BuildingId),
                    Many(building.Floors, floor => floor.FloorId),
                    Many(building.Floors, floor => floor.Name)),
                Command(
                    ZoneSql,
                    Many(zones, zone => StableId.Create($"floor/{zone.FloorId}/zone/{zone.Name}")),
                    Many(zones, zone => zone.FloorId),
                    Many(zones, zone => zone.Name)),
                Command(
                    SensorSql,
                    Many(sensors, pair => pair.Sensor.SensorId),
                    Many(sensors, pair => pair.Floor.FloorId),
                    Many(sensors, pair => pair.Sensor.Zone),
                    Many(sensors, pair => pair.Sensor.Name),
                    Many(sensors, pair => pair.Sensor.Type)),
                Command(PointUpdateSql, PointParameters(points)),
                Command(PointInsertSql, PointParameters(points)),
                Command(
                    GatewaySql,
                    One(building.BuildingId),
                    Many(building.Gateways, gateway => gateway.GatewayId),
                    Many(building.Gateways, gateway => GatewaySecret.Hash(gateway.Secret))),
            },
        };
        try
        {
            await batch.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState.StartsWith("23", StringComparison.Ordinal))
        {
            throw new InvalidOperationException(
                $"Building \"{building.Name}\" was not imported: {exception.MessageText}. {exception.Detail} "
                + "Rename what is named there, in the specification or in the catalogue.",
                exception);
        }
    }

    private static NpgsqlParameter[] PointParameters((Guid SensorId, PointSpec Point)[] points) =>
    [
        Many(points, pair => pair.SensorId),
        Many(points, pair => pair.Point.Metric),
        Many(points, pair => pair.Point.Unit),
        Many(points, pair => pair.Point.PlausibleMin),
        Many(points, pair => pair.Point.PlausibleMax),
        Many(points, pair => pair.Point.IntervalSeconds),
        Many(points, pair => pair.Point.Reporting),
    ];
}
