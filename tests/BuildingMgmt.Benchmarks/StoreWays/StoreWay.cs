using BuildingMgmt.Functions.Ingest;
using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Benchmarks.StoreWays;

/// <summary>A way to store a batch in one transaction.</summary>
/// <param name="Name">As its cases are called.</param>
internal abstract record StoreWay(string Name)
{
    public abstract Task StoreAsync(TriggerBatch batch, CancellationToken cancellationToken);
}

/// <summary>What the app does: a partition's position tells events that come again, then COPY, or an insert where COPY conflicts; with all of its records.</summary>
internal sealed record ProductionWay(string Name, ReadingStore Store) : StoreWay(Name)
{
    public override Task StoreAsync(TriggerBatch batch, CancellationToken cancellationToken) =>
        Store.StoreAsync(batch.Partition, batch.Slice, batch.Order, cancellationToken);
}

/// <summary>A way that stores readings and keeps no other record of them: what it costs alone.</summary>
internal abstract record BareWay(string Name, NpgsqlDataSource Postgres) : StoreWay(Name)
{
    public override async Task StoreAsync(TriggerBatch batch, CancellationToken cancellationToken)
    {
        await using var connection = await Postgres.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await StoreAsync(connection, transaction, batch, cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    protected abstract Task StoreAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, TriggerBatch batch, CancellationToken cancellationToken);

    protected static async Task ExecuteAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, NpgsqlBatchCommand command, CancellationToken cancellationToken)
    {
        await using var statement = new NpgsqlBatch(connection, transaction) { BatchCommands = { command } };
        await statement.ExecuteNonQueryAsync(cancellationToken);
    }
}

/// <summary>COPY and nothing else: the limit. It fails when a reading is there already.</summary>
internal sealed record CopyAlone(NpgsqlDataSource Postgres) : BareWay("copy", Postgres)
{
    protected override Task StoreAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, TriggerBatch batch, CancellationToken cancellationToken) =>
        ReadingCopy.WriteAsync(connection, batch.Slice, batch.Arrange(), cancellationToken);
}

/// <summary>COPY to a temporary table, from there into the readings what is not there yet.</summary>
internal sealed record StagedCopy(NpgsqlDataSource Postgres) : BareWay("staged", Postgres)
{
    // Of the transaction: behind a pooler the session goes on to someone else. By its name it stands before the table itself.
    private const string StageSql = "CREATE TEMPORARY TABLE reading (LIKE public.reading) ON COMMIT DROP";

    private const string MoveSql = """
        INSERT INTO public.reading (point_id, time, value, quality)
        SELECT point_id, time, value, quality FROM pg_temp.reading ON CONFLICT (point_id, time) DO NOTHING
        """;

    protected override async Task StoreAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, TriggerBatch batch, CancellationToken cancellationToken)
    {
        await ExecuteAsync(connection, transaction, Command(StageSql), cancellationToken);
        await ReadingCopy.WriteAsync(connection, batch.Slice, batch.Arrange(), cancellationToken);
        await ExecuteAsync(connection, transaction, Command(MoveSql), cancellationToken);
    }
}

/// <summary>One INSERT of arrays, with ON CONFLICT.</summary>
internal sealed record UnnestInsert(NpgsqlDataSource Postgres) : BareWay("unnest", Postgres)
{
    protected override Task StoreAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, TriggerBatch batch, CancellationToken cancellationToken) =>
        new ReadingInsert(connection, transaction, batch.Slice).AddAsync(batch.Arrange(), [], cancellationToken);
}

/// <summary>COPY behind a savepoint; when it conflicts the INSERT of arrays takes its place.</summary>
internal record CopyOrInsert(string Name, NpgsqlDataSource Postgres) : BareWay(Name, Postgres)
{
    private const string Savepoint = "before_copy";

    protected override Task StoreAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, TriggerBatch batch, CancellationToken cancellationToken) =>
        StoreAsync(connection, transaction, batch, batch.Arrange(), cancellationToken);

    protected static async Task StoreAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, TriggerBatch batch, List<int> places, CancellationToken cancellationToken)
    {
        await transaction.SaveAsync(Savepoint, cancellationToken);
        try
        {
            await ReadingCopy.WriteAsync(connection, batch.Slice, places, cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            await transaction.RollbackAsync(Savepoint, cancellationToken);
            await new ReadingInsert(connection, transaction, batch.Slice).AddAsync(places, [], cancellationToken);
        }
    }
}

/// <summary>
/// A row for each gateway batch tells those that come again; the readings of the others are copied. A reading that comes again in another
/// batch is not told by it, so that it needs the insert behind COPY as well.
/// </summary>
internal sealed record LedgeredCopy(NpgsqlDataSource Postgres) : CopyOrInsert("batch-ledger", Postgres)
{
    public const string TableSql = "CREATE TABLE stored_batch (gateway_id text, batch_id text, PRIMARY KEY (gateway_id, batch_id))";

    private const string EnterSql = """
        INSERT INTO stored_batch (gateway_id, batch_id)
        SELECT gateway_id, batch_id FROM unnest($1, $2) AS given (gateway_id, batch_id) ORDER BY gateway_id, batch_id
        ON CONFLICT DO NOTHING
        RETURNING batch_id
        """;

    protected override async Task StoreAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, TriggerBatch batch, CancellationToken cancellationToken)
    {
        var entered = await EnterAsync(connection, transaction, batch, cancellationToken);
        var places = batch.Arrange([.. batch.Ids.Select(id => !entered.Contains(id))]);
        if (places.Count > 0)
            await StoreAsync(connection, transaction, batch, places, cancellationToken);
    }

    private static async Task<HashSet<string>> EnterAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, TriggerBatch batch, CancellationToken cancellationToken)
    {
        await using var statement = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands = { Command(EnterSql, Many(batch.Slice.Events, item => item.GatewayId!), Many(batch.Ids, id => id)) },
        };
        await using var reader = await statement.ExecuteReaderAsync(cancellationToken);
        var entered = new HashSet<string>();
        while (await reader.ReadAsync(cancellationToken))
            entered.Add(reader.GetString(0));
        return entered;
    }
}
