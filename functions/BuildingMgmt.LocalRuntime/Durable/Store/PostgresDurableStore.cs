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

    // Expired, so that nothing more is given to it; and what it owned is nobody's, so that nothing more is taken from it. The last part reads
    // "freed" so that it comes behind it: instances are locked first.
    private const string LeaveSql = """
        WITH expired AS (
            UPDATE durable.worker SET expires_at = now() WHERE worker = $2 AND expires_at > now()
        ),
        held AS MATERIALIZED (
            SELECT key FROM durable.instance WHERE owner = $2 AND owner > 0 ORDER BY id FOR NO KEY UPDATE
        ),
        freed AS (
            UPDATE durable.instance AS i SET owner = -$1 FROM held WHERE i.key = held.key RETURNING i.key
        )
        UPDATE durable.work SET owner = -$1 WHERE owner = $2 AND (SELECT count(*) FROM freed) >= 0
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
        SELECT i.id, i.execution, i.step, h.payload, h.bytes
        FROM durable.instance AS i
        LEFT JOIN LATERAL (
            SELECT step, payload, sum(octet_length(payload)) OVER () AS bytes, row_number() OVER (ORDER BY step) AS place
            FROM durable.history
            WHERE instance = i.key) AS h ON h.bytes <= $4 OR h.place = 1
        WHERE i.hub = $1 AND i.id = ANY ($3) AND i.owner + 0 = $2
        ORDER BY i.id, h.step
        """;

    private const int AttemptsMax = 4;

    private readonly NpgsqlDataSource _database;
    private readonly string _hubName;
    private readonly int _hub;
    private readonly PostgresRenewals _renewals;
    private readonly UnreadablePayloads _unreadable;
    private readonly PostgresWakes _wakes;
    private readonly PostgresTaking _taking;
    private readonly PostgresSteps _steps;
    private readonly PostgresResults _results;
    private readonly PostgresInstances _instances;
    private readonly PostgresQueries _queries;

    private PostgresDurableStore(NpgsqlDataSource database, string hubName, int hub, TimeProvider time, ILogger logger)
    {
        _database = database;
        _hubName = hubName;
        _hub = hub;
        _renewals = new PostgresRenewals(database, hub, new FrozenSessions(logger));
        _wakes = new PostgresWakes(database, hub, time, logger);
        _unreadable = new UnreadablePayloads(time, logger);
        _taking = new PostgresTaking(database, hub, _unreadable);
        _steps = new PostgresSteps(database, hub, _wakes);
        _results = new PostgresResults(database, hub, _wakes);
        _instances = new PostgresInstances(database, hub, _wakes);
        _queries = new PostgresQueries(database, hub, _unreadable);
    }

    /// <summary>Of one history, as it is kept, no more is read into memory. A few payloads of the greatest length have room in it.</summary>
    internal long HistoryBytesMax { get; set; } = 128 * 1024 * 1024;

    /// <summary>Makes what is missing of the schema and the hub.</summary>
    /// <param name="database">Not disposed with the store.</param>
    public static async Task<PostgresDurableStore> OpenAsync(
        NpgsqlDataSource database, string hub, TimeProvider time, ILogger logger, CancellationToken cancellationToken) =>
        new(database, hub, await DurableSchema.EnsureAsync(database, hub, cancellationToken), time, logger);

    public Task<long> EnterAsync(CancellationToken cancellationToken) => RepeatAsync(
        async () =>
        {
            await using var command = _database.Command(EnterSql, One(_hub), One(DurableTimes.Lease));
            return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        },
        cancellationToken);

    public Task<bool> RenewAsync(long worker, CancellationToken cancellationToken) => RepeatAsync(
        async () =>
        {
            var hasOthers = await _renewals.RenewAsync(worker, cancellationToken);
            _wakes.HasOthers = hasOthers ?? _wakes.HasOthers;
            return hasOthers is not null;
        },
        cancellationToken);

    public Task LeaveAsync(long worker, CancellationToken cancellationToken) => RepeatAsync(
        async () =>
        {
            await using var command = _database.Command(LeaveSql, One(_hub), One(worker));
            await command.ExecuteNonQueryAsync(cancellationToken);
            _wakes.WakeAll();
            return true;
        },
        cancellationToken);

    public Task<Taken> TakeAsync(TakeRequest request, CancellationToken cancellationToken) =>
        RepeatAsync(() => _taking.TakeAsync(request, cancellationToken), cancellationToken);

    public async Task<IReadOnlyList<LoadedHistory>> LoadAsync(
        long worker, IReadOnlyList<string> instanceIds, CancellationToken cancellationToken)
    {
        await using var command = _database.Command(LoadSql, One(_hub), One(worker), Many(instanceIds, id => id), One(HistoryBytesMax));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var loaded = new List<LoadedHistory>();
        var events = new List<HistoryEvent>();
        var unread = new HashSet<string>(StringComparer.Ordinal);
        while (await row.ReadAsync(cancellationToken))
        {
            var id = row.GetString(0);
            if (loaded.Count == 0 || loaded[^1].InstanceId != id)
                loaded.Add(new LoadedHistory(id, row.GetInt32(1), row.GetInt64(2), events = [], TooLarge(row)));
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

    private long? TooLarge(NpgsqlDataReader row) =>
        !row.IsDBNull(4) && row.GetInt64(4) is var bytes && bytes > HistoryBytesMax ? bytes : null;

    public Task<IReadOnlyList<StepReceipt>> CommitStepsAsync(
        long worker, IReadOnlyList<StepCommit> steps, int activitiesMax, CancellationToken cancellationToken) =>
        RepeatAsync(() => _steps.CommitAsync(worker, steps, activitiesMax, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<ResultReceipt>> CommitResultsAsync(
        long worker, IReadOnlyList<ActivityResult> results, CancellationToken cancellationToken) =>
        RepeatAsync(() => _results.CommitAsync(worker, results, cancellationToken), cancellationToken);

    public Task ReleaseAsync(long worker, IReadOnlyList<string> instanceIds, CancellationToken cancellationToken) => RepeatAsync(
        async () =>
        {
            await using var command = _database.Command(ReleaseSql, One(_hub), One(worker), Many(instanceIds, id => id));
            if (await command.ExecuteScalarAsync(cancellationToken) is true)
                _wakes.WakeAll();
            return true;
        },
        cancellationToken);

    public async Task<CreateResult> CreateAsync(
        NewInstance instance, long? owner, IReadOnlyList<int> replaceable, CancellationToken cancellationToken)
    {
        var result = await RepeatAsync(() => _instances.CreateAsync(instance, owner, replaceable, cancellationToken), cancellationToken);
        if (result == CreateResult.Created)
            _unreadable.Forget(instance.InstanceId);
        return result;
    }

    public Task<bool> SendAsync(NewMessage message, CancellationToken cancellationToken) =>
        RepeatAsync(() => _instances.SendAsync(message, cancellationToken), cancellationToken);

    public Task<InstanceState?> GetAsync(string instanceId, bool withPayloads, CancellationToken cancellationToken) =>
        RepeatAsync(() => _queries.GetAsync(instanceId, withPayloads, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<InstanceState>> QueryAsync(InstanceFilter filter, CancellationToken cancellationToken) =>
        RepeatAsync(() => _queries.QueryAsync(filter, cancellationToken), cancellationToken);

    public Task<IReadOnlyList<string>> EndedAsync(IReadOnlyList<string> instanceIds, CancellationToken cancellationToken) =>
        RepeatAsync(() => _queries.EndedAsync(instanceIds, cancellationToken), cancellationToken);

    public Task<int> PurgeAsync(string instanceId, bool recursive, CancellationToken cancellationToken) =>
        RepeatAsync(() => _instances.PurgeAsync(instanceId, recursive, cancellationToken), cancellationToken);

    public Task<int> PurgeAsync(InstanceFilter filter, CancellationToken cancellationToken) =>
        RepeatAsync(() => _instances.PurgeAsync(filter, cancellationToken), cancellationToken);

    public Task<HubState> ReadHubAsync(CancellationToken cancellationToken) =>
        RepeatAsync(() => _queries.ReadHubAsync(cancellationToken), cancellationToken);

    public Task ListenAsync(long worker, Action wake, CancellationToken cancellationToken) => _wakes.ListenAsync(worker, wake, cancellationToken);

    private async Task<T> RepeatAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken)
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
                // What PostgreSQL itself has rolled back, because of others who wrote at the same time, has certainly not happened. At once:
                // whoever it was has got through by it.
            }
            catch (Exception e) when (e is not NpgsqlException and not OperationCanceledException)
            {
                // A call that fails before it is sent leaves its connection with statements that the driver takes for prepared, and that are
                // not: the next call on it would fail or misread its answers. Nothing tells which connection it was, so all are made anew.
                _database.Clear();
                throw;
            }
            catch (PostgresException e) when (
                attempt < AttemptsMax && e.SqlState is (PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.InvalidSchemaName))
            {
                await MakeAgainAsync(e, cancellationToken);
            }
        }
    }

    // The database was dropped and made anew, or restored, under a process that lives on.
    private async Task MakeAgainAsync(PostgresException missing, CancellationToken cancellationToken)
    {
        var number = await DurableSchema.EnsureAsync(_database, _hubName, cancellationToken);
        if (number != _hub)
        {
            throw new InvalidOperationException(
                $"The database of hub \"{_hubName}\" was made anew, and the hub is number {number} of it, not {_hub} as before. Start the process again.",
                missing);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _renewals.DisposeAsync();
        await _wakes.DisposeAsync();
    }
}
