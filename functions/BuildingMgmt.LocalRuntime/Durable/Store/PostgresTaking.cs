using Npgsql;
using static BuildingMgmt.LocalRuntime.Durable.Store.Sql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Takes what is due in a hub.</summary>
internal sealed class PostgresTaking(NpgsqlDataSource database, int hub)
{
    /// <summary>Of messages, one take reads no more; what is left of them comes with the next.</summary>
    private const int MessagesMax = 5_000;

    // The only statement of an idle process's poll. Whatever it finds, the statements below look again for themselves.
    private const string LookSql = """
        SELECT
            EXISTS (SELECT FROM durable.worker WHERE worker = $2 AND expires_at > now()),
            EXISTS (SELECT FROM durable.worker WHERE hub = $1 AND expires_at <= now())
            OR EXISTS (
                SELECT
                FROM durable.message AS m
                JOIN durable.instance AS i ON i.hub = m.hub AND i.id = m.instance_id
                WHERE m.hub = $1 AND m.due_at <= now() AND m.instance_id <> ALL ($3)
                    AND (i.owner = $2 OR i.owner IS NULL) AND i.status NOT IN (1, 3, 5))
            OR EXISTS (SELECT FROM durable.work WHERE hub = $1 AND owner IS NULL)
            OR EXISTS (SELECT FROM durable.work WHERE owner = $2 AND id <> ALL ($4)),
            (SELECT min(due_at) - now() FROM durable.message WHERE hub = $1 AND due_at > now())
        """;

    // Deleting a dead worker frees what it owned (foreign keys, ON DELETE SET NULL). One that is renewing at this instant holds its row.
    private const string ReapSql = """
        DELETE FROM durable.worker
        WHERE worker IN (
            SELECT worker FROM durable.worker
            WHERE hub = $1 AND expires_at <= now()
            FOR UPDATE SKIP LOCKED)
        """;

    // The messages are read by the next statement, whose snapshot is younger than these locks: one read here might have been used up by the
    // step that gave the instance up a moment ago. The foreign key on the owner sees to it that a worker which is reaped meanwhile gets nothing.
    private const string TakeInstancesSql = """
        WITH due AS MATERIALIZED (
            SELECT DISTINCT instance_id FROM durable.message
            WHERE hub = $1 AND due_at <= now() AND instance_id <> ALL ($3)
        ),
        room AS (
            SELECT $4 - count(*) AS places
            FROM due JOIN durable.instance AS i ON i.hub = $1 AND i.id = due.instance_id
            WHERE i.owner = $2
        ),
        free AS MATERIALIZED (
            SELECT i.id
            FROM due JOIN durable.instance AS i ON i.hub = $1 AND i.id = due.instance_id
            WHERE i.owner IS NULL AND i.status NOT IN (1, 3, 5)
                AND EXISTS (SELECT FROM durable.worker WHERE worker = $2 AND expires_at > now())
            LIMIT (SELECT greatest(places, 0) FROM room)
            FOR NO KEY UPDATE OF i SKIP LOCKED
        )
        UPDATE durable.instance AS i SET owner = $2 FROM free WHERE i.hub = $1 AND i.id = free.id
        """;

    private const string ReadMessagesSql = """
        WITH due AS MATERIALIZED (
            SELECT DISTINCT instance_id FROM durable.message
            WHERE hub = $1 AND due_at <= now() AND instance_id <> ALL ($3)
        ),
        mine AS MATERIALIZED (
            SELECT i.id, i.execution, i.step
            FROM due JOIN durable.instance AS i ON i.hub = $1 AND i.id = due.instance_id
            WHERE i.owner = $2 AND EXISTS (SELECT FROM durable.worker WHERE worker = $2 AND expires_at > now())
            LIMIT $4
        )
        SELECT mine.id, mine.execution, mine.step, m.sequence, m.execution, m.payload
        FROM mine JOIN durable.message AS m ON m.hub = $1 AND m.instance_id = mine.id AND m.due_at <= now()
        ORDER BY mine.id, m.sequence
        LIMIT $5
        """;

    private const string TakeWorkSql = """
        UPDATE durable.work SET owner = $2
        WHERE id IN (
            SELECT id FROM durable.work
            WHERE hub = $1 AND owner IS NULL
                AND EXISTS (SELECT FROM durable.worker WHERE worker = $2 AND expires_at > now())
            ORDER BY id
            LIMIT $3 - (SELECT count(*) FROM durable.work WHERE owner = $2 AND id <> ALL ($4))
            FOR UPDATE SKIP LOCKED)
        """;

    private const string ReadWorkSql = """
        SELECT id, instance_id, execution, task_id, name, version, input, trace_parent, tags, created_at
        FROM durable.work
        WHERE owner = $1 AND id <> ALL ($3) AND EXISTS (SELECT FROM durable.worker WHERE worker = $1 AND expires_at > now())
        ORDER BY id
        LIMIT $2
        """;

    public async Task<Taken> TakeAsync(TakeRequest request, CancellationToken cancellationToken)
    {
        var busy = Many(request.Busy, id => id);
        var running = Many(request.Running, id => id);
        var (lives, something, nextDueIn) = await LookAsync(request.Worker, busy, running, cancellationToken);
        if (!lives || !something)
            return Taken.Nothing with { WorkerLives = lives, NextDueIn = nextDueIn };

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = new NpgsqlBatch(connection);
        batch.BatchCommands.Add(Statement(ReapSql, One(hub)));
        if (request.InstancesMax > 0)
        {
            batch.BatchCommands.Add(Statement(TakeInstancesSql, One(hub), One(request.Worker), Copy(busy), One((long)request.InstancesMax)));
            batch.BatchCommands.Add(Statement(
                ReadMessagesSql, One(hub), One(request.Worker), Copy(busy), One((long)request.InstancesMax), One((long)MessagesMax)));
        }

        if (request.ActivitiesMax > 0)
        {
            batch.BatchCommands.Add(Statement(TakeWorkSql, One(hub), One(request.Worker), One((long)request.ActivitiesMax), Copy(running)));
            batch.BatchCommands.Add(Statement(ReadWorkSql, One(request.Worker), One((long)request.ActivitiesMax), Copy(running)));
        }

        return await ReadAsync(batch, request, nextDueIn, cancellationToken);
    }

    private static async Task<Taken> ReadAsync(NpgsqlBatch batch, TakeRequest request, TimeSpan? nextDueIn, CancellationToken cancellationToken)
    {
        IReadOnlyList<TakenInstance> instances = [];
        IReadOnlyList<ActivityWork> activities = [];
        var messages = 0;
        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        if (request.InstancesMax > 0)
        {
            (instances, messages) = await ReadInstancesAsync(row, cancellationToken);
            await row.NextResultAsync(cancellationToken);
        }

        if (request.ActivitiesMax > 0)
            activities = await ReadWorkAsync(row, cancellationToken);

        // To the end: an error of a later statement is told only there.
        while (await row.NextResultAsync(cancellationToken))
        {
        }

        var more = (request.InstancesMax > 0 && instances.Count == request.InstancesMax)
            || messages == MessagesMax
            || (request.ActivitiesMax > 0 && activities.Count == request.ActivitiesMax);
        return new Taken(true, instances, activities, more, nextDueIn);
    }

    private static async Task<(IReadOnlyList<TakenInstance> Instances, int Messages)> ReadInstancesAsync(
        NpgsqlDataReader row, CancellationToken cancellationToken)
    {
        var instances = new List<TakenInstance>();
        var messages = new List<ReceivedMessage>();
        var count = 0;
        while (await row.ReadAsync(cancellationToken))
        {
            var id = row.GetString(0);
            if (instances.Count == 0 || instances[^1].InstanceId != id)
                instances.Add(new TakenInstance(id, row.GetInt32(1), row.GetInt64(2), messages = []));
            messages.Add(new ReceivedMessage(
                row.GetInt64(3), row.IsDBNull(4) ? null : row.GetInt32(4), PayloadCodec.DecodeEvent(row.GetFieldValue<byte[]>(5))));
            count++;
        }

        return (instances, count);
    }

    private static async Task<IReadOnlyList<ActivityWork>> ReadWorkAsync(NpgsqlDataReader row, CancellationToken cancellationToken)
    {
        var activities = new List<ActivityWork>();
        while (await row.ReadAsync(cancellationToken))
        {
            activities.Add(new ActivityWork(
                row.GetInt64(0),
                row.GetString(1),
                row.GetInt32(2),
                row.GetInt32(3),
                row.GetString(4),
                row.Nullable<string>(5),
                PayloadCodec.DecodeText(row.Nullable<byte[]>(6)),
                row.Nullable<string>(7),
                PayloadCodec.DecodeOptional<Dictionary<string, string>>(row.Nullable<byte[]>(8)),
                row.GetFieldValue<DateTimeOffset>(9)));
        }

        return activities;
    }

    // A parameter belongs to one command.
    private static NpgsqlParameter<T> Copy<T>(NpgsqlParameter<T> parameter) => One(parameter.TypedValue!);

    private async Task<(bool Lives, bool Something, TimeSpan? NextDueIn)> LookAsync(
        long worker, NpgsqlParameter<string[]> busy, NpgsqlParameter<long[]> running, CancellationToken cancellationToken)
    {
        await using var command = database.Command(LookSql, One(hub), One(worker), busy, running);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (row.GetBoolean(0), row.GetBoolean(1), row.IsDBNull(2) ? null : row.GetTimeSpan(2));
    }
}
