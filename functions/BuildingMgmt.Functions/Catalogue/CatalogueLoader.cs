using System.Data;
using Npgsql;

namespace BuildingMgmt.Functions.Catalogue;

/// <summary>Reads the catalogue from PostgreSQL: everything, or what has changed since a snapshot. Not for two threads at once.</summary>
internal sealed class CatalogueLoader(NpgsqlDataSource dataSource)
{
    // Reading single sensors costs more than reading them in a row: beyond this share of all, everything is read.
    private const int ChangedShareMax = 4;
    private const int ChangedAlwaysRead = 2_000;

    private readonly CatalogueReader rows = new();

    /// <summary>The version of the catalogue now: one row by its key.</summary>
    public async Task<CatalogueStamp> ReadStampAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(CatalogueSql.Stamp);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await ReadStampAsync(reader, cancellationToken);
    }

    /// <summary>Reads everything at one moment.</summary>
    public async Task<CatalogueSnapshot> LoadAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await BeginAsync(connection, cancellationToken);
        await using var batch = new NpgsqlBatch(connection, transaction) { BatchCommands = { new(CatalogueSql.Stamp) } };
        AddStructure(batch);
        batch.BatchCommands.Add(new(CatalogueSql.Sensors));
        batch.BatchCommands.Add(new(CatalogueSql.Points));

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var stamp = await ReadStampAsync(reader, cancellationToken);
        var structure = await CatalogueReader.ReadStructureAsync(reader, CatalogueStructure.Empty, cancellationToken);
        var sensors = await rows.ReadSensorsAsync(reader, structure, cancellationToken)
            ?? throw new InvalidOperationException("A sensor is on a floor that is not there.");
        var orders = sensors.ToLookup(sensor => structure.Floors[sensor.FloorIndex]!.FloorId, sensor => sensor.SensorId);
        return CatalogueSnapshot.Empty.With(stamp, structure, [], sensors, orders)!;
    }

    /// <summary>Reads what has changed since a snapshot was read.</summary>
    /// <returns>Null when that cannot be told, or is not worth it: then everything has to be read.</returns>
    public async Task<CatalogueSnapshot?> RefreshAsync(CatalogueSnapshot snapshot, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await BeginAsync(connection, cancellationToken);
        if (await ReadChangesAsync(connection, transaction, snapshot, cancellationToken) is not { } changes)
            return null;
        await using var batch = new NpgsqlBatch(connection, transaction);
        if (changes.IsOfStructure)
            AddStructure(batch);
        foreach (var sql in new[] { CatalogueSql.ChangedSensors, CatalogueSql.ChangedPoints, CatalogueSql.ChangedFloorOrders })
            batch.BatchCommands.Add(new(sql) { Parameters = { new NpgsqlParameter<Guid[]> { TypedValue = [.. changes.SensorIds] } } });

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var structure = changes.IsOfStructure
            ? await CatalogueReader.ReadStructureAsync(reader, snapshot.Structure, cancellationToken)
            : snapshot.Structure;
        if (await rows.ReadSensorsAsync(reader, structure, cancellationToken) is not { } sensors)
            return null;
        var orders = await CatalogueReader.ReadFloorOrdersAsync(reader, cancellationToken);
        return snapshot.With(changes.Stamp, structure, changes.SensorIds, sensors, orders);
    }

    // One snapshot of the database for all queries: a sensor is never seen without its floor, nor a version without its changes.
    private static ValueTask<NpgsqlTransaction> BeginAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);

    private static void AddStructure(NpgsqlBatch batch)
    {
        foreach (var sql in CatalogueSql.Structure)
            batch.BatchCommands.Add(new(sql));
    }

    private static async Task<CatalogueStamp> ReadStampAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        await reader.ReadAsync(cancellationToken);
        var stamp = new CatalogueStamp(reader.GetInt64(0), reader.GetGuid(1));
        await reader.NextResultAsync(cancellationToken);
        return stamp;
    }

    // The record leads from the snapshot to now when it begins with the snapshot's stamp and ends with that of now. It does not after a
    // restore, when the snapshot is older than the record, and when somebody has raised the version by hand.
    private static async Task<CatalogueChanges?> ReadChangesAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, CatalogueSnapshot snapshot, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                new(CatalogueSql.Stamp),
                new(CatalogueSql.Changes) { Parameters = { new NpgsqlParameter<long> { TypedValue = snapshot.Version } } },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var now = await ReadStampAsync(reader, cancellationToken);
        if (!await reader.ReadAsync(cancellationToken) || StampOf(reader) != snapshot.Stamp)
            return null;

        var sensorIds = new HashSet<Guid>();
        var sensorsMax = Math.Max(ChangedAlwaysRead, snapshot.Sensors.Count / ChangedShareMax);
        var (isOfStructure, last) = (false, snapshot.Stamp);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (await reader.IsDBNullAsync(3, cancellationToken))
                return null;
            sensorIds.UnionWith(await reader.GetFieldValueAsync<Guid[]>(3, cancellationToken));
            if (sensorIds.Count > sensorsMax)
                return null;
            isOfStructure |= reader.GetBoolean(2);
            last = StampOf(reader);
        }

        return last == now ? new CatalogueChanges(now, isOfStructure, sensorIds) : null;
    }

    private static CatalogueStamp StampOf(NpgsqlDataReader reader) => new(reader.GetInt64(0), reader.GetGuid(1));

    /// <param name="SensorIds">Sensors that came, went, or are others.</param>
    private sealed record CatalogueChanges(CatalogueStamp Stamp, bool IsOfStructure, HashSet<Guid> SensorIds);
}
