using BuildingMgmt.Functions.Auth;
using Npgsql;

namespace BuildingMgmt.Functions.Catalogue;

/// <summary>Makes the catalogue's objects of rows. What many have in common it keeps once. Not for two threads at once.</summary>
internal sealed class CatalogueReader
{
    // More different ones than this, as ranges that are each point's own, are not worth remembering.
    private const int KeptMax = 100_000;

    private readonly Dictionary<string, string> texts = [];
    private readonly Dictionary<string, MetricName> metrics = [];
    private readonly Dictionary<PointKind, PointKind> kinds = [];
    private readonly Dictionary<CatalogueZone, CatalogueZone> zones = [];

    /// <summary>Reads the results of <see cref="CatalogueSql.Structure"/>.</summary>
    /// <param name="before">Whose floors keep their places, and their sensors.</param>
    public static async Task<CatalogueStructure> ReadStructureAsync(
        NpgsqlDataReader reader, CatalogueStructure before, CancellationToken cancellationToken)
    {
        var buildings = await ReadBuildingsAsync(reader, cancellationToken);
        var (floors, indexes) = await ReadFloorsAsync(reader, buildings, before, cancellationToken);
        var gateways = await ReadGatewaysAsync(reader, buildings, cancellationToken);
        var users = await ReadUsersAsync(reader, buildings, cancellationToken);
        return new CatalogueStructure([.. buildings.Values], floors, indexes, new CatalogueSenders([.. gateways, .. users]));
    }

    /// <summary>Reads sensors, and then their points.</summary>
    /// <returns>The sensors in the order of their rows; null when one is on a floor that the structure does not have.</returns>
    public async Task<List<CatalogueSensor>?> ReadSensorsAsync(
        NpgsqlDataReader reader, CatalogueStructure structure, CancellationToken cancellationToken)
    {
        var sensors = new List<CatalogueSensor>();
        await foreach (var row in RowsAsync(reader, cancellationToken))
        {
            if (!structure.FloorIndexes.TryGetValue(row.GetGuid(6), out var floorIndex))
                return null;
            var zone = row.IsDBNull(4) ? null : Once(zones, new CatalogueZone(row.GetGuid(4), row.GetString(5)));
            sensors.Add(new CatalogueSensor(
                row.GetGuid(0), row.GetString(1), Once(texts, row.GetString(2)), Status(row.GetString(3)), zone, floorIndex));
        }

        await ReadPointsAsync(reader, sensors.ToDictionary(sensor => sensor.SensorId), cancellationToken);
        return sensors;
    }

    /// <summary>Reads which sensors a floor has, by name.</summary>
    public static async Task<ILookup<Guid, Guid>> ReadFloorOrdersAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var orders = new List<(Guid FloorId, Guid SensorId)>();
        await foreach (var row in RowsAsync(reader, cancellationToken))
            orders.Add((row.GetGuid(0), row.GetGuid(1)));
        return orders.ToLookup(order => order.FloorId, order => order.SensorId);
    }

    // Points of a sensor mostly come one after the other, and are given to it together.
    private async Task ReadPointsAsync(
        NpgsqlDataReader reader, Dictionary<Guid, CatalogueSensor> sensors, CancellationToken cancellationToken)
    {
        CatalogueSensor? sensor = null;
        var points = new List<CataloguePoint>();
        await foreach (var row in RowsAsync(reader, cancellationToken))
        {
            var sensorId = row.GetGuid(1);
            if (sensor?.SensorId != sensorId)
            {
                sensor?.AddPoints([.. points]);
                points.Clear();
                sensor = sensors[sensorId];
            }

            points.Add(new CataloguePoint(row.GetInt32(0), sensor, ReadKind(row)));
        }

        sensor?.AddPoints([.. points]);
    }

    private PointKind ReadKind(NpgsqlDataReader row)
    {
        var name = row.GetString(2);
        if (!metrics.TryGetValue(name, out var metric))
        {
            DropMany(metrics);
            metrics.Add(name, metric = new MetricName(name));
        }

        return Once(kinds, new PointKind(
            metric,
            Once(texts, row.GetString(3)),
            row.IsDBNull(4) ? double.NegativeInfinity : row.GetDouble(4),
            row.IsDBNull(5) ? double.PositiveInfinity : row.GetDouble(5),
            row.GetInt32(6)));
    }

    private static T Once<T>(Dictionary<T, T> kept, T value)
        where T : notnull
    {
        if (kept.TryGetValue(value, out var known))
            return known;
        DropMany(kept);
        kept.Add(value, value);
        return value;
    }

    private static void DropMany<TKey, TValue>(Dictionary<TKey, TValue> kept)
        where TKey : notnull
    {
        if (kept.Count >= KeptMax)
            kept.Clear();
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

    private static async Task<(CatalogueFloor?[] Floors, Dictionary<Guid, int> Indexes)> ReadFloorsAsync(
        NpgsqlDataReader reader, Dictionary<Guid, CatalogueBuilding> buildings, CatalogueStructure before, CancellationToken cancellationToken)
    {
        var floors = new List<CatalogueFloor?>(new CatalogueFloor?[before.Floors.Length]);
        var indexes = new Dictionary<Guid, int>();
        await foreach (var row in RowsAsync(reader, cancellationToken))
        {
            var floor = new CatalogueFloor(row.GetGuid(0), row.GetString(1), buildings[row.GetGuid(2)]);
            if (before.FloorIndexes.TryGetValue(floor.FloorId, out var index))
            {
                floor.Sensors = before.Floors[index]!.Sensors;
                floors[index] = floor;
            }
            else
            {
                index = floors.Count;
                floors.Add(floor);
            }

            indexes.Add(floor.FloorId, index);
        }

        return ([.. floors], indexes);
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

    // The rows of a result; the reader stands on the next one then.
    private static async IAsyncEnumerable<NpgsqlDataReader> RowsAsync(
        NpgsqlDataReader reader, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (await reader.ReadAsync(cancellationToken))
            yield return reader;
        await reader.NextResultAsync(cancellationToken);
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
