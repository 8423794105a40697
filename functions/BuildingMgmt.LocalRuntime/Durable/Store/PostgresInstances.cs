using Npgsql;
using static BuildingMgmt.LocalRuntime.Durable.Store.Sql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Makes instances, sends to them, and removes those that have ended.</summary>
internal sealed class PostgresInstances(NpgsqlDataSource database, int hub, PostgresWakes wakes)
{
    // DO UPDATE: one of that id which may be replaced gives way, with all it has; its step number goes on, so that whoever had it is fenced.
    private const string CreateSql = """
        WITH made AS (
            INSERT INTO durable.instance AS i (hub, id, name, version, status, owner, parent_id, input, tags)
            VALUES ($1, $2, $3, $4, 6, $5, $6, $7, $8)
            ON CONFLICT (hub, id) DO UPDATE
            SET name = excluded.name, version = excluded.version, status = 6, owner = excluded.owner, parent_id = excluded.parent_id,
                input = excluded.input, tags = excluded.tags, step = i.step + 1, execution = i.execution + 1,
                created_at = now(), updated_at = now(), ended_at = NULL, output = NULL, custom_status = NULL, failure = NULL
            WHERE i.status = ANY ($11)
            RETURNING i.id, i.execution
        ),
        history AS (
            DELETE FROM durable.history AS h USING made WHERE made.execution > 0 AND h.hub = $1 AND h.instance_id = made.id
        ),
        messages AS (
            DELETE FROM durable.message AS m USING made WHERE made.execution > 0 AND m.hub = $1 AND m.instance_id = made.id
        ),
        work AS (
            DELETE FROM durable.work AS w USING made WHERE made.execution > 0 AND w.hub = $1 AND w.instance_id = made.id
        ),
        started AS (
            INSERT INTO durable.message (hub, instance_id, due_at, payload)
            SELECT $1, id, coalesce($9, now()), $10 FROM made
        )
        SELECT count(*) FROM made
        """;

    // DO NOTHING: the same event, sent again because its sender did not hear that it had arrived.
    private const string SendSql = """
        WITH target AS (
            SELECT id, owner FROM durable.instance WHERE hub = $1 AND id = $2 AND status NOT IN (1, 3, 5)
        ),
        sent AS (
            INSERT INTO durable.message (hub, instance_id, execution, due_at, message_id, payload)
            SELECT $1, id, $3, coalesce($4, now()), $5, $6 FROM target
            ON CONFLICT (hub, instance_id, message_id) WHERE message_id IS NOT NULL DO NOTHING
        )
        SELECT owner FROM target
        """;

    private const string PurgeTreeSql = """
        WITH RECURSIVE chosen AS (
            SELECT id FROM durable.instance WHERE hub = $1 AND id = $2 AND status IN (1, 3, 5)
            UNION
            SELECT i.id
            FROM chosen JOIN durable.instance AS i ON i.hub = $1 AND i.parent_id = chosen.id
            WHERE $3 AND i.status IN (1, 3, 5)
        ),
        """ + RemoveSql;

    private const string PurgeFilteredSql = $"""
        WITH chosen AS (
            SELECT id FROM durable.instance
            WHERE {PostgresQueries.FilterSql} AND status IN (1, 3, 5)
            ORDER BY ended_at
            LIMIT $9
        ),
        {RemoveSql}
        """;

    private const string RemoveSql = """
        gone AS (
            DELETE FROM durable.instance AS i USING chosen
            WHERE i.hub = $1 AND i.id = chosen.id AND i.status IN (1, 3, 5)
            RETURNING i.id
        ),
        history AS (
            DELETE FROM durable.history AS h USING gone WHERE h.hub = $1 AND h.instance_id = gone.id
        ),
        messages AS (
            DELETE FROM durable.message AS m USING gone WHERE m.hub = $1 AND m.instance_id = gone.id
        ),
        work AS (
            DELETE FROM durable.work AS w USING gone WHERE w.hub = $1 AND w.instance_id = gone.id
        )
        SELECT count(*)::int FROM gone
        """;

    public async Task<CreateResult> CreateAsync(
        NewInstance instance, long? owner, IReadOnlyList<int> replaceable, CancellationToken cancellationToken)
    {
        await using var command = database.Command(
            CreateSql,
            One(hub),
            One(instance.InstanceId),
            One(instance.Start.Name),
            One(instance.Start.Version),
            One(owner),
            One(instance.Start.Parent?.InstanceId),
            One(PayloadCodec.EncodeText(instance.Start.Input)),
            One(PayloadCodec.EncodeOptional(instance.Start.Tags)),
            One(instance.StartAt?.ToUniversalTime()),
            One(PayloadCodec.EncodeEvent(instance.Start)),
            Many(replaceable, status => (short)status));
        if (await command.ExecuteScalarAsync(cancellationToken) is not 1L)
            return CreateResult.Exists;
        if (owner is null && instance.StartAt is null)
            wakes.WakeAll();
        return CreateResult.Created;
    }

    public async Task<bool> SendAsync(NewMessage message, CancellationToken cancellationToken)
    {
        await using var command = database.Command(
            SendSql,
            One(hub),
            One(message.InstanceId),
            One(message.Execution),
            One(message.DueAt?.ToUniversalTime()),
            One(message.Id),
            One(PayloadCodec.EncodeEvent(message.Event)));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        if (!await row.ReadAsync(cancellationToken))
            return false;
        var owner = new WakeTargets(self: null);
        owner.Add(row.IsDBNull(0) ? null : row.GetInt64(0));
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
