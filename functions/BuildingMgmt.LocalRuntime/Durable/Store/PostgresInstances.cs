using Npgsql;
using static BuildingMgmt.LocalRuntime.Durable.Store.Sql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Makes instances, sends to them, and removes those that have ended.</summary>
internal sealed class PostgresInstances(NpgsqlDataSource database, int hub, PostgresWakes wakes)
{
    private const string CreateSql = $"""
        WITH made AS (
            INSERT INTO durable.instance AS i (hub, id, name, version, status, parent_id, input, tags, owner, next_due)
            SELECT $1, $2, $3, $4, 6, $5, $6, $7, {LivingOwner}, coalesce($9, now())
            ON CONFLICT (id, hub) DO NOTHING
            RETURNING i.key, i.execution, i.next_due, i.owner
        ),
        {StartSql}
        """;

    // One of that id which may be replaced gives way, with all it has; its step number goes on, so that whoever had it is fenced, and so does
    // its execution's, so that what was meant for the old one is stale.
    private const string ReplaceSql = $"""
        WITH made AS (
            UPDATE durable.instance AS i
            SET name = $3, version = $4, status = 6, parent_id = $5, input = $6, tags = $7, owner = {LivingOwner}, next_due = coalesce($9, now()),
                step = i.step + 1, execution = i.execution + 1, created_at = now(), updated_at = now(), ended_at = NULL,
                output = NULL, custom_status = NULL, failure = NULL
            WHERE i.hub = $1 AND i.id = $2 AND i.status = ANY ($11)
            RETURNING i.key, i.execution, i.next_due, i.owner
        ),
        {StartSql}
        """;

    private const string LivingOwner = "coalesce((SELECT worker FROM durable.worker WHERE worker = $8 AND expires_at > now()), -$1)";

    private const string StartSql = """
        started AS (
            INSERT INTO durable.message (instance, execution, due_at, payload)
            SELECT key, execution, next_due, $10 FROM made
        )
        SELECT greatest(owner, 0), next_due <= now() FROM made
        """;

    // Locked before it is looked at: what others send it arrives before, and goes, or after, and stays.
    private const string LockSql = """
        SELECT FROM durable.instance WHERE hub = $1 AND id = $2 FOR NO KEY UPDATE
        """;

    private const string ClearSql = """
        WITH old AS (
            SELECT key FROM durable.instance WHERE hub = $1 AND id = $2 AND status = ANY ($3)
        ),
        history AS (
            DELETE FROM durable.history AS h USING old WHERE h.instance = old.key
        ),
        messages AS (
            DELETE FROM durable.message AS m USING old WHERE m.instance = old.key
        )
        DELETE FROM durable.work AS w USING old WHERE w.instance = old.key
        """;

    // DO NOTHING: the same event, sent again because its sender did not hear that it had arrived.
    // "woken" has no condition on next_due: it would be looked at as of before the wait for the lock, when messages that a step has used up
    // since were still due, and the instance would be left without a time to be taken at. What is set is reckoned from the newest row.
    private const string SendSql = """
        WITH target AS MATERIALIZED (
            SELECT key, owner FROM durable.instance WHERE hub = $1 AND id = $2 AND key = coalesce($7, key) AND status NOT IN (1, 3, 5) FOR NO KEY UPDATE
        ),
        sent AS (
            INSERT INTO durable.message (instance, execution, due_at, message_id, payload)
            SELECT key, $3, coalesce($4, now()), $5, $6 FROM target
            ON CONFLICT (instance, message_id) WHERE message_id IS NOT NULL DO NOTHING
            RETURNING instance, due_at
        ),
        woken AS (
            UPDATE durable.instance AS i SET next_due = least(i.next_due, sent.due_at)
            FROM sent
            WHERE i.key = sent.instance
        )
        SELECT coalesce(w.worker, 0)
        FROM target LEFT JOIN durable.worker AS w ON w.worker = target.owner AND w.expires_at > now()
        """;

    private const string PurgeTreeSql = """
        WITH RECURSIVE chosen AS (
            SELECT key, id FROM durable.instance WHERE hub = $1 AND id = $2 AND status IN (1, 3, 5)
            UNION
            SELECT i.key, i.id
            FROM chosen JOIN durable.instance AS i ON i.parent_id = chosen.id
            WHERE $3 AND i.hub = $1 AND i.status IN (1, 3, 5)
        ),
        """ + RemoveSql;

    private const string PurgeFilteredSql = $"""
        WITH chosen AS (
            SELECT key FROM durable.instance
            WHERE {PostgresQueries.FilterSql} AND status IN (1, 3, 5)
            ORDER BY ended_at
            LIMIT $9
            FOR UPDATE SKIP LOCKED
        ),
        {RemoveSql}
        """;

    private const string RemoveSql = """
        gone AS (
            DELETE FROM durable.instance AS i USING chosen
            WHERE i.key = chosen.key AND i.status IN (1, 3, 5)
            RETURNING i.key
        ),
        history AS (
            DELETE FROM durable.history AS h USING gone WHERE h.instance = gone.key
        ),
        messages AS (
            DELETE FROM durable.message AS m USING gone WHERE m.instance = gone.key
        ),
        work AS (
            DELETE FROM durable.work AS w USING gone WHERE w.instance = gone.key
        )
        SELECT count(*)::int FROM gone
        """;

    public async Task<CreateResult> CreateAsync(
        NewInstance instance, long? owner, IReadOnlyList<int> replaceable, CancellationToken cancellationToken)
    {
        await using (var command = database.Command(CreateSql, [.. InstanceColumns(instance, owner)]))
        {
            if (await StartedAsync(command, cancellationToken))
                return CreateResult.Created;
        }

        return replaceable.Count > 0 && await ReplaceAsync(instance, owner, replaceable, cancellationToken)
            ? CreateResult.Created
            : CreateResult.Exists;
    }

    private async Task<bool> ReplaceAsync(
        NewInstance instance, long? owner, IReadOnlyList<int> replaceable, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = Batch(connection);
        batch.BatchCommands.Add(Statement(LockSql, One(hub), One(instance.InstanceId)));
        batch.BatchCommands.Add(Statement(ClearSql, One(hub), One(instance.InstanceId), Statuses()));
        batch.BatchCommands.Add(Statement(ReplaceSql, [.. InstanceColumns(instance, owner), Statuses()]));
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        await row.NextResultAsync(cancellationToken);
        return await StartedAsync(row, cancellationToken);

        NpgsqlParameter Statuses() => Many(replaceable, status => (short)status);
    }

    private async Task<bool> StartedAsync(NpgsqlCommand command, CancellationToken cancellationToken)
    {
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await StartedAsync(row, cancellationToken);
    }

    private async Task<bool> StartedAsync(NpgsqlDataReader row, CancellationToken cancellationToken)
    {
        if (!await row.ReadAsync(cancellationToken))
            return false;
        var owner = row.GetInt64(0);
        var due = row.GetBoolean(1);
        // Only at the end of the answer is it certain that the transaction stands.
        await row.NextResultAsync(cancellationToken);
        if (due && owner == 0)
            wakes.WakeAll();
        return true;
    }

    private IEnumerable<NpgsqlParameter> InstanceColumns(NewInstance instance, long? owner) =>
    [
        One(hub),
        One(instance.InstanceId),
        One(instance.Start.Name),
        One(instance.Start.Version),
        One(instance.Start.Parent?.InstanceId),
        One(PayloadCodec.EncodeText(instance.Start.Input)),
        One(PayloadCodec.EncodeOptional(instance.Start.Tags)),
        One(owner),
        One(DueAt(instance.StartAt)),
        One(PayloadCodec.EncodeEvent(instance.Start)),
    ];

    public async Task<bool> SendAsync(NewMessage message, CancellationToken cancellationToken)
    {
        await using var command = database.Command(
            SendSql,
            One(hub),
            One(message.InstanceId),
            One(message.Execution),
            One(DueAt(message.DueAt)),
            One(message.Id),
            One(PayloadCodec.EncodeEvent(message.Event)),
            One(message.Key));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken))
            return false;
        var owner = new WakeTargets(self: null);
        owner.Add(row.GetInt64(0));
        await row.NextResultAsync(cancellationToken);
        wakes.Wake(owner);
        return true;
    }

    public async Task<int> PurgeAsync(string instanceId, bool recursive, CancellationToken cancellationToken)
    {
        await using var command = database.Command(PurgeTreeSql, One(hub), One(instanceId), One(recursive));
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    public async Task<int> PurgeAsync(InstanceFilter filter, CancellationToken cancellationToken)
    {
        await using var command = database.Command(PurgeFilteredSql, [.. PostgresQueries.FilterColumns(hub, filter), One((long)filter.Max)]);
        return (int)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
