using BuildingMgmt.LocalRuntime.Durable.Execution;
using Microsoft.Extensions.Logging;
using Npgsql;
using static BuildingMgmt.LocalRuntime.Durable.Store.Sql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>
/// The orchestrations of one hub in PostgreSQL, schema <c>durable</c>. Nothing is kept in a session: it runs behind PgBouncer in transaction mode,
/// where only <see cref="ListenAsync"/> does not, so that the polls remain.
/// </summary>
/// <remarks>
/// Locks: a transaction locks the instances that it writes first, in the order of their ids, and whatever else it writes belongs to them.
/// So messages and activities come and go under the lock of their instance, and an instance's next_due is always that of its earliest
/// message. Those who look for work lock nothing that is locked (SKIP LOCKED), and wait for nobody. Isolation is READ COMMITTED: a
/// statement behind the one that locks sees all that was committed before the lock was had.
/// </remarks>
internal sealed class PostgresDurableStore : IDurableStore, IAsyncDisposable
{
    // A dead worker's instances that have messages due are taken with what is due; those at rest are freed here, some thousands at a time.
    // Its row goes when nothing names it any more, and so late that no call of it can still be on its way.
    private const string EnterSql = """
        WITH dead AS MATERIALIZED (
            SELECT worker, expires_at FROM durable.worker WHERE hub = $1 AND expires_at <= now()
        ),
        freed AS (
            UPDATE durable.instance AS i SET owner = -$1
            FROM (
                SELECT resting.key
                FROM dead CROSS JOIN LATERAL (
                    SELECT key FROM durable.instance
                    WHERE owner = dead.worker AND owner > 0
                    LIMIT 5000
                    FOR NO KEY UPDATE SKIP LOCKED) AS resting) AS resting
            WHERE i.key = resting.key
        ),
        forgotten AS (
            DELETE FROM durable.worker AS w USING dead
            WHERE w.worker = dead.worker AND dead.expires_at < now() - interval '10 minutes'
                AND NOT EXISTS (SELECT FROM durable.instance AS i WHERE i.owner = dead.worker AND i.owner > 0)
                AND NOT EXISTS (SELECT FROM durable.work WHERE owner = dead.worker)
        )
        INSERT INTO durable.worker (hub, expires_at) VALUES ($1, now() + $2) RETURNING worker
        """;

    private const string RenewSql = """
        UPDATE durable.worker SET expires_at = now() + $3
        WHERE worker = $2 AND expires_at > now()
        RETURNING EXISTS (SELECT FROM durable.worker WHERE hub = $1 AND worker <> $2 AND expires_at > now())
        """;

    // Expired, so that nothing more is given to it; and what it owned is nobody's, so that nothing more is taken from it.
    private const string LeaveSql = """
        WITH expired AS (
            UPDATE durable.worker SET expires_at = now() WHERE worker = $2 AND expires_at > now()
        ),
        held AS MATERIALIZED (
            SELECT key FROM durable.instance WHERE owner = $2 AND owner > 0 ORDER BY id FOR NO KEY UPDATE
        ),
        freed AS (
            UPDATE durable.instance AS i SET owner = -$1 FROM held WHERE i.key = held.key
        )
        UPDATE durable.work SET owner = -$1 WHERE owner = $2
        """;

    private const string ReleaseSql = """
        WITH mine AS MATERIALIZED (
            SELECT key FROM durable.instance WHERE hub = $1 AND id = ANY ($3) AND owner + 0 = $2 ORDER BY id FOR NO KEY UPDATE
        ),
        released AS (
            UPDATE durable.instance AS i SET owner = -$1 FROM mine WHERE i.key = mine.key RETURNING i.next_due
        )
        SELECT EXISTS (SELECT FROM released WHERE next_due <= now())
        """;

    private const string LoadSql = """
        SELECT i.id, i.execution, i.step, h.payload
        FROM durable.instance AS i
        LEFT JOIN durable.history AS h ON h.instance = i.key
        WHERE i.hub = $1 AND i.id = ANY ($3) AND i.owner + 0 = $2
        ORDER BY i.id, h.step
        """;

    private const int AttemptsMax = 4;

    private readonly NpgsqlDataSource _database;
    private readonly int _hub;
    private readonly UnreadablePayloads _unreadable;
    private readonly PostgresWakes _wakes;
    private readonly PostgresTaking _taking;
    private readonly PostgresSteps _steps;
    private readonly PostgresResults _results;
    private readonly PostgresInstances _instances;
    private readonly PostgresQueries _queries;

    private PostgresDurableStore(NpgsqlDataSource database, int hub, TimeProvider time, ILogger logger)
    {
        _database = database;
        _hub = hub;
        _wakes = new PostgresWakes(database, hub, logger);
        _unreadable = new UnreadablePayloads(time, logger);
        _taking = new PostgresTaking(database, hub, _unreadable);
        _steps = new PostgresSteps(database, hub, _wakes);
        _results = new PostgresResults(database, hub, _wakes);
        _instances = new PostgresInstances(database, hub, _wakes);
        _queries = new PostgresQueries(database, hub);
    }

    /// <summary>Makes what is missing of the schema and the hub.</summary>
    /// <param name="database">Not disposed with the store.</param>
    public static async Task<PostgresDurableStore> OpenAsync(
        NpgsqlDataSource database, string hub, TimeProvider time, ILogger logger, CancellationToken cancellationToken) =>
        new(database, await DurableSchema.EnsureAsync(database, hub, cancellationToken), time, logger);

    public async Task<long> EnterAsync(CancellationToken cancellationToken)
    {
        await using var command = _database.Command(EnterSql, One(_hub), One(DurableTimes.Lease));
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task<bool> RenewAsync(long worker, CancellationToken cancellationToken)
    {
        await using var command = _database.Command(RenewSql, One(_hub), One(worker), One(DurableTimes.Lease));
        if (await command.ExecuteScalarAsync(cancellationToken) is not bool hasOthers)
            return false;
        _wakes.HasOthers = hasOthers;
        return true;
    }

    public async Task LeaveAsync(long worker, CancellationToken cancellationToken)
    {
        await using var command = _database.Command(LeaveSql, One(_hub), One(worker));
        await command.ExecuteNonQueryAsync(cancellationToken);
        _wakes.WakeAll();
    }

    public Task<Taken> TakeAsync(TakeRequest request, CancellationToken cancellationToken) =>
        RepeatAsync(() => _taking.TakeAsync(request, cancellationToken));

    public async Task<IReadOnlyList<LoadedHistory>> LoadAsync(
        long worker, IReadOnlyList<string> instanceIds, CancellationToken cancellationToken)
    {
        await using var command = _database.Command(LoadSql, One(_hub), One(worker), Many(instanceIds, id => id));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var loaded = new List<LoadedHistory>();
        var events = new List<HistoryEvent>();
        var unread = new HashSet<string>(StringComparer.Ordinal);
        while (await row.ReadAsync(cancellationToken))
        {
            var id = row.GetString(0);
            if (loaded.Count == 0 || loaded[^1].InstanceId != id)
                loaded.Add(new LoadedHistory(id, row.GetInt32(1), row.GetInt64(2), events = []));
            try
            {
                if (row.Nullable<byte[]>(3) is { } payload)
                    events.AddRange(PayloadCodec.DecodeEvents(payload));
            }
            catch (InvalidDataException e)
            {
                unread.Add(id);
                _unreadable.Add(id, e);
            }
        }

        await _taking.GiveUpAsync(worker, unread, [], cancellationToken);
        loaded.RemoveAll(history => unread.Contains(history.InstanceId));
        return loaded;
    }

    public Task<IReadOnlyList<StepReceipt>> CommitStepsAsync(
        long worker, IReadOnlyList<StepCommit> steps, int activitiesMax, CancellationToken cancellationToken) =>
        RepeatAsync(() => _steps.CommitAsync(worker, steps, activitiesMax, cancellationToken));

    public Task<IReadOnlyList<ResultReceipt>> CommitResultsAsync(
        long worker, IReadOnlyList<ActivityResult> results, CancellationToken cancellationToken) =>
        RepeatAsync(() => _results.CommitAsync(worker, results, cancellationToken));

    public async Task ReleaseAsync(long worker, IReadOnlyList<string> instanceIds, CancellationToken cancellationToken)
    {
        await using var command = _database.Command(ReleaseSql, One(_hub), One(worker), Many(instanceIds, id => id));
        if (await command.ExecuteScalarAsync(cancellationToken) is true)
            _wakes.WakeAll();
    }

    public async Task<CreateResult> CreateAsync(
        NewInstance instance, long? owner, IReadOnlyList<int> replaceable, CancellationToken cancellationToken)
    {
        var result = await RepeatAsync(() => _instances.CreateAsync(instance, owner, replaceable, cancellationToken));
        if (result == CreateResult.Created)
            _unreadable.Forget(instance.InstanceId);
        return result;
    }

    public Task<bool> SendAsync(NewMessage message, CancellationToken cancellationToken) =>
        RepeatAsync(() => _instances.SendAsync(message, cancellationToken));

    public Task<InstanceState?> GetAsync(string instanceId, bool withPayloads, CancellationToken cancellationToken) =>
        _queries.GetAsync(instanceId, withPayloads, cancellationToken);

    public Task<IReadOnlyList<InstanceState>> QueryAsync(InstanceFilter filter, CancellationToken cancellationToken) =>
        _queries.QueryAsync(filter, cancellationToken);

    public Task<IReadOnlyList<string>> EndedAsync(IReadOnlyList<string> instanceIds, CancellationToken cancellationToken) =>
        _queries.EndedAsync(instanceIds, cancellationToken);

    public Task<int> PurgeAsync(string instanceId, bool recursive, CancellationToken cancellationToken) =>
        RepeatAsync(() => _instances.PurgeAsync(instanceId, recursive, cancellationToken));

    public Task<int> PurgeAsync(InstanceFilter filter, CancellationToken cancellationToken) =>
        RepeatAsync(() => _instances.PurgeAsync(filter, cancellationToken));

    public Task<HubState> ReadHubAsync(CancellationToken cancellationToken) => _queries.ReadHubAsync(cancellationToken);

    public Task ListenAsync(long worker, Action wake, CancellationToken cancellationToken) => _wakes.ListenAsync(worker, wake, cancellationToken);

    // What PostgreSQL itself has rolled back, because of others who wrote at the same time, has certainly not happened.
    private static async Task<T> RepeatAsync<T>(Func<Task<T>> call)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (PostgresException e) when (
                attempt < AttemptsMax && e.SqlState is (PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.SerializationFailure))
            {
                // At once: whoever it was has got through by it.
            }
        }
    }

    public ValueTask DisposeAsync() => _wakes.DisposeAsync();
}
