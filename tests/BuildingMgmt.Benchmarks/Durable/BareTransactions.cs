using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace BuildingMgmt.Benchmarks.Durable;

/// <summary>
/// The limit of the durable benchmark: what an orchestration reads and writes, without an engine. Tables like those of the engine, with their
/// indexes, each transaction one round trip, prepared; nothing is decoded, decided or woken.
/// </summary>
internal sealed class BareTransactions : IAsyncDisposable
{
    private const string SchemaSql = """
        DROP SCHEMA IF EXISTS bare CASCADE;
        CREATE SCHEMA bare;
        CREATE TABLE bare.instance (LIKE durable.instance INCLUDING ALL);
        CREATE TABLE bare.history (LIKE durable.history INCLUDING ALL);
        CREATE TABLE bare.message (LIKE durable.message INCLUDING ALL);
        CREATE TABLE bare.work (LIKE durable.work INCLUDING ALL);
        """;

    private const string CreateSql = """
        WITH made AS (
            INSERT INTO bare.instance (hub, id, name, status, owner, next_due, input) VALUES (1, $1, 'Chain', 6, 1, now(), $2) RETURNING key
        )
        INSERT INTO bare.message (instance, execution, payload) SELECT key, 0, $3 FROM made RETURNING instance
        """;

    private const string ReadSql = """
        SELECT i.step, i.execution, m.sequence, m.payload
        FROM bare.instance AS i JOIN bare.message AS m ON m.instance = i.key
        WHERE i.key = $1
        """;

    private const string ConsumeSql = "DELETE FROM bare.message WHERE instance = $1";

    private const string StepSql = """
        UPDATE bare.instance SET step = step + 1, status = 0, next_due = NULL, updated_at = now() WHERE key = $1
        """;

    private const string EndSql = """
        UPDATE bare.instance
        SET step = step + 1, status = 1, owner = 0, next_due = NULL, output = $2, updated_at = now(), ended_at = now()
        WHERE key = $1
        """;

    private const string HistorySql = "INSERT INTO bare.history (instance, step, payload) VALUES ($1, $2, $3)";

    private const string WorkSql = """
        INSERT INTO bare.work (hub, instance, execution, task_id, name, owner, input) VALUES (1, $1, 0, $2, 'AddOne', 1, $3)
        """;

    private const string DoneSql = "DELETE FROM bare.work WHERE instance = $1 AND task_id = $2";

    private const string ResultSql = "INSERT INTO bare.message (instance, execution, payload) VALUES ($1, 0, $2)";

    private const string DueSql = "UPDATE bare.instance SET next_due = now() WHERE key = $1";

    // As large as those of the engine, which are JSON.
    private static readonly byte[] Small = new byte[60];
    private static readonly byte[] Large = new byte[250];

    private readonly NpgsqlDataSource _database;
    private readonly int _connections;
    private int _instances;

    private BareTransactions(NpgsqlDataSource database, int connections)
    {
        _database = database;
        _connections = connections;
    }

    /// <summary>The engine must have made its schema.</summary>
    public static async Task<BareTransactions> OpenAsync(string connectionString, int connections, CancellationToken cancellationToken)
    {
        var database = NpgsqlDataSource.Create(connectionString + ";Max Auto Prepare=30;Auto Prepare Min Usages=1");
        await using var command = database.CreateCommand(SchemaSql);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return new BareTransactions(database, connections);
    }

    /// <summary>Chains one after another.</summary>
    /// <returns>Milliseconds of each.</returns>
    public async Task<List<double>> TimesAsync(int count, int activities, CancellationToken cancellationToken)
    {
        await using var connection = await _database.OpenConnectionAsync(cancellationToken);
        await ChainAsync(connection, activities, cancellationToken); // warm
        var times = new List<double>(count);
        for (var i = 0; i < count; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await ChainAsync(connection, activities, cancellationToken);
            times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }

        return times;
    }

    /// <returns>Chains a second.</returns>
    public async Task<double> RatesAsync(int count, int activities, CancellationToken cancellationToken)
    {
        var left = count;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, _connections).Select(async _ =>
        {
            await using var connection = await _database.OpenConnectionAsync(cancellationToken);
            while (Interlocked.Decrement(ref left) >= 0)
                await ChainAsync(connection, activities, cancellationToken);
        }));
        return count / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    /// <summary>One step schedules all; each activity is a transaction that exchanges it for its result; every hundred results are a step.</summary>
    /// <returns>Activities a second.</returns>
    public async Task<double> FanOutRateAsync(int width, int times, CancellationToken cancellationToken)
    {
        const int resultsOfStep = 100;
        var began = Stopwatch.GetTimestamp();
        for (var time = 0; time < times; time++)
        {
            await using var connection = await _database.OpenConnectionAsync(cancellationToken);
            var id = await CreateAsync(connection, cancellationToken);
            await StepAsync(connection, id, 0, Enumerable.Range(0, width), end: false, cancellationToken);
            var left = width;
            await Task.WhenAll(Enumerable.Range(0, _connections - 1).Select(async _ =>
            {
                await using var own = await _database.OpenConnectionAsync(cancellationToken);
                while (Interlocked.Decrement(ref left) is var task && task >= 0)
                    await ResultAsync(own, id, task, cancellationToken);
            }));
            for (var step = 1; step <= width / resultsOfStep; step++)
                await StepAsync(connection, id, step, [], end: step == width / resultsOfStep, cancellationToken);
        }

        return width * times / Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private async Task ChainAsync(NpgsqlConnection connection, int activities, CancellationToken cancellationToken)
    {
        var id = await CreateAsync(connection, cancellationToken);
        for (var step = 0; step < activities; step++)
        {
            await StepAsync(connection, id, step, [step], end: false, cancellationToken);
            await ResultAsync(connection, id, step, cancellationToken);
        }

        await StepAsync(connection, id, activities, [], end: true, cancellationToken);
    }

    /// <returns>The instance's key.</returns>
    private async Task<long> CreateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(CreateSql, connection);
        foreach (var value in (object[])[NextId(), Small, Large])
            command.Parameters.Add(Parameter(value));
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static Task StepAsync(
        NpgsqlConnection connection, long id, int step, IEnumerable<int> scheduled, bool end, CancellationToken cancellationToken) =>
        RunAsync(
            connection,
            cancellationToken,
            [
                (ReadSql, [id]),
                (ConsumeSql, [id]),
                end ? (EndSql, [id, Small]) : (StepSql, [id]),
                (HistorySql, [id, (long)step, Large]),
                .. scheduled.Select(task => (WorkSql, new object[] { id, task, Small })),
            ]);

    private static Task ResultAsync(NpgsqlConnection connection, long id, int task, CancellationToken cancellationToken) =>
        RunAsync(connection, cancellationToken, (DoneSql, [id, task]), (ResultSql, [id, Small]), (DueSql, [id]));

    private static async Task RunAsync(
        NpgsqlConnection connection, CancellationToken cancellationToken, params (string Sql, object[] Values)[] statements)
    {
        await using var batch = new NpgsqlBatch(connection);
        foreach (var (sql, values) in statements)
        {
            var command = new NpgsqlBatchCommand(sql);
            foreach (var value in values)
                command.Parameters.Add(Parameter(value));
            batch.BatchCommands.Add(command);
        }

        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        do
        {
            while (await reader.ReadAsync(cancellationToken))
            {
            }
        }
        while (await reader.NextResultAsync(cancellationToken));
    }

    private static NpgsqlParameter Parameter(object value) => new() { Value = value, NpgsqlDbType = TypeOf(value) };

    private static NpgsqlDbType TypeOf(object value) => value switch
    {
        string => NpgsqlDbType.Text,
        byte[] => NpgsqlDbType.Bytea,
        int => NpgsqlDbType.Integer,
        _ => NpgsqlDbType.Bigint,
    };

    private string NextId() => $"{Guid.CreateVersion7():N}{Interlocked.Increment(ref _instances)}";
}
