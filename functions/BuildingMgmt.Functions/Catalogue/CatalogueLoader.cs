using System.Data;
using System.Text;
using BuildingMgmt.Functions.Auth;
using Npgsql;

namespace BuildingMgmt.Functions.Catalogue;

/// <summary>Reads the catalogue from PostgreSQL.</summary>
internal static class CatalogueLoader
{
    private const string VersionSql = "SELECT version FROM catalogue_version";

    private const string BuildingSql = "SELECT building_id, name, time_zone, raw_retention_days FROM building ORDER BY name";

    private const string FloorSql = "SELECT floor_id, name, building_id FROM floor ORDER BY name";

    private const string ZoneSql = "SELECT zone_id, name FROM zone";

    private const string SensorSql = "SELECT sensor_id, name, type, status, zone_id, floor_id FROM sensor ORDER BY name";

    private const string PointSql =
        "SELECT point_id, sensor_id, metric, unit, plausible_min, plausible_max, interval_s FROM point ORDER BY point_id";

    private const string GatewaySql = "SELECT gateway_id, active, building_id FROM gateway";

    private const string UserSql = """
        SELECT username, active, role, building_id FROM app_user JOIN user_grant USING (username) ORDER BY username
        """;

    /// <summary>The version of the catalogue now: one row by its key.</summary>
    public static async Task<long> ReadVersionAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(VersionSql);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Reads everything at one moment.</summary>
    public static async Task<CatalogueSnapshot> LoadAsync(NpgsqlDataSource dataSource, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        // One snapshot of the database for all queries: a sensor is never seen without its floor.
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                new(VersionSql), new(BuildingSql), new(FloorSql), new(ZoneSql), new(SensorSql), new(PointSql), new(GatewaySql), new(UserSql),
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);

        await reader.ReadAsync(cancellationToken);
        var version = reader.GetInt64(0);
        var buildings = await ReadBuildingsAsync(reader, cancellationToken);
        var floors = await ReadFloorsAsync(reader, buildings, cancellationToken);
        var zones = await ReadZonesAsync(reader, cancellationToken);
        var sensors = await ReadSensorsAsync(reader, floors, zones, cancellationToken);
        var points = await ReadPointsAsync(reader, sensors, cancellationToken);
        var gateways = await ReadGatewaysAsync(reader, buildings, cancellationToken);
        var users = await ReadUsersAsync(reader, buildings, cancellationToken);
        HangChildrenOnParents(floors.Values, sensors.Values, points);
        return new CatalogueSnapshot(version, [.. buildings.Values], sensors, points, [.. gateways, .. users]);
    }

    private static async Task<Dictionary<Guid, CatalogueBuilding>> ReadBuildingsAsync(
        NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var buildings = new Dictionary<Guid, CatalogueBuilding>();
        await foreach (var row in RowsAsync(reader, cancellationToken))
        {
            int? retentionDays = row.IsDBNull(3) ? null : row.GetInt32(3);
            buildings.Add(row.GetGuid(0), new CatalogueBuilding(row.GetGuid(0), row.GetString(1), row.GetString(2), retentionDays));
        }

        return buildings;
    }

    private static async Task<Dictionary<Guid, CatalogueFloor>> ReadFloorsAsync(
        NpgsqlDataReader reader, Dictionary<Guid, CatalogueBuilding> buildings, CancellationToken cancellationToken)
    {
        var floors = new Dictionary<Guid, CatalogueFloor>();
        await foreach (var row in RowsAsync(reader, cancellationToken))
            floors.Add(row.GetGuid(0), new CatalogueFloor(row.GetGuid(0), row.GetString(1), buildings[row.GetGuid(2)]));
        return floors;
    }

    private static async Task<Dictionary<Guid, CatalogueZone>> ReadZonesAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var zones = new Dictionary<Guid, CatalogueZone>();
        await foreach (var row in RowsAsync(reader, cancellationToken))
            zones.Add(row.GetGuid(0), new CatalogueZone(row.GetGuid(0), row.GetString(1)));
        return zones;
    }

    private static async Task<Dictionary<Guid, CatalogueSensor>> ReadSensorsAsync(
        NpgsqlDataReader reader,
        Dictionary<Guid, CatalogueFloor> floors,
        Dictionary<Guid, CatalogueZone> zones,
        CancellationToken cancellationToken)
    {
        var sensors = new Dictionary<Guid, CatalogueSensor>();
        await foreach (var row in RowsAsync(reader, cancellationToken))
        {
            var zone = row.IsDBNull(4) ? null : zones[row.GetGuid(4)];
            sensors.Add(row.GetGuid(0), new CatalogueSensor(
                row.GetGuid(0), row.GetString(1), row.GetString(2), Status(row.GetString(3)), zone, floors[row.GetGuid(5)]));
        }

        return sensors;
    }

    private static async Task<CataloguePoint[]> ReadPointsAsync(
        NpgsqlDataReader reader, Dictionary<Guid, CatalogueSensor> sensors, CancellationToken cancellationToken)
    {
        var metrics = new Dictionary<string, MetricName>();
        var units = new Dictionary<string, string>();
        var points = new List<CataloguePoint>();
        await foreach (var row in RowsAsync(reader, cancellationToken))
        {
            var name = row.GetString(2);
            if (!metrics.TryGetValue(name, out var metric))
                metrics.Add(name, metric = new MetricName(name, Encoding.UTF8.GetBytes(name)));
            var unit = row.GetString(3);
            if (!units.TryAdd(unit, unit))
                unit = units[unit];
            points.Add(new CataloguePoint(row.GetInt32(0), points.Count, sensors[row.GetGuid(1)], metric, unit)
            {
                PlausibleMin = row.IsDBNull(4) ? double.NegativeInfinity : row.GetDouble(4),
                PlausibleMax = row.IsDBNull(5) ? double.PositiveInfinity : row.GetDouble(5),
                IntervalSeconds = row.GetInt32(6),
            });
        }

        return [.. points];
    }

    // What is named like a user who posts sends nothing: its id is not taken.
    private static async Task<List<CatalogueSender>> ReadGatewaysAsync(
        NpgsqlDataReader reader, Dictionary<Guid, CatalogueBuilding> buildings, CancellationToken cancellationToken)
    {
        var gateways = new List<CatalogueSender>();
        await foreach (var row in RowsAsync(reader, cancellationToken))
        {
            if (!row.GetString(0).StartsWith(CatalogueSender.UserPrefix, StringComparison.Ordinal))
                gateways.Add(new CatalogueSender(row.GetString(0), IsGateway: true, row.GetBoolean(1), [buildings[row.GetGuid(2)]]));
        }

        return gateways;
    }

    private static async Task<List<CatalogueSender>> ReadUsersAsync(
        NpgsqlDataReader reader, Dictionary<Guid, CatalogueBuilding> buildings, CancellationToken cancellationToken)
    {
        var grants = new List<(string Name, bool IsActive, Grant Grant)>();
        await foreach (var row in RowsAsync(reader, cancellationToken))
        {
            // A role of a later build, while that is being rolled out, is none here.
            if (Enum.TryParse<Roles>(row.GetString(2), ignoreCase: true, out var role))
                grants.Add((row.GetString(0), row.GetBoolean(1), new Grant(role, row.IsDBNull(3) ? null : row.GetGuid(3))));
        }

        return [.. grants
            .GroupBy(row => (row.Name, row.IsActive), row => row.Grant)
            .Select(user => (user.Key, Caller: new Caller(user.Key.Name, isGateway: false, user)))
            .Where(user => (user.Caller.Roles & Roles.Ingest) != 0)
            .Select(user => new CatalogueSender(
                CatalogueSender.UserPrefix + user.Key.Name,
                IsGateway: false,
                user.Key.IsActive,
                user.Caller.BuildingsWith(Roles.Ingest)?.Select(id => buildings[id]).ToArray()))];
    }

    private static async IAsyncEnumerable<NpgsqlDataReader> RowsAsync(
        NpgsqlDataReader reader, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await reader.NextResultAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            yield return reader;
    }

    // Groups keep the order of the rows.
    private static void HangChildrenOnParents(
        IEnumerable<CatalogueFloor> floors, IEnumerable<CatalogueSensor> sensors, IEnumerable<CataloguePoint> points)
    {
        foreach (var group in floors.GroupBy(floor => floor.Building))
            group.Key.Floors = [.. group];
        foreach (var group in sensors.GroupBy(sensor => sensor.Floor))
            group.Key.Sensors = [.. group];
        foreach (var group in points.GroupBy(point => point.Sensor))
            group.Key.SetPoints([.. group]);
    }

    private static SensorStatus Status(string status) => status switch
    {
        "active" => SensorStatus.Active,
        "inactive" => SensorStatus.Inactive,
        "maintenance" => SensorStatus.Maintenance,
        // While a later build is being rolled out.
        _ => SensorStatus.Other,
    };
}
