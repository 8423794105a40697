using Npgsql;
using static BuildingMgmt.LocalRuntime.Durable.Store.Sql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Takes what is due in a hub: one statement, which is all that the poll of an idle process costs.</summary>
internal sealed class PostgresTaking(NpgsqlDataSource database, int hub, UnreadablePayloads unreadable)
{
    /// <summary>Of the messages of an instance, one take reads no more; what is left of them comes with the next.</summary>
    private const int MessagesOfOneInstanceMax = 2_000;

    /// <summary>Nor more of their bytes, as they are kept, or of the inputs of all activities; but one at least.</summary>
    private const int PayloadBytesMax = 4 * 1024 * 1024;

    private const int Summary = 0;
    private const int Message = 1;

    // Each owner's part of the index is read from its beginning and no further than asked for: nobody's, the dead workers', this worker's.
    // "seen": all of the statement sees the database as it was when it began, only the claim sees the newest row. An instance that was
    // stepped in between is claimed, but not given: its messages as seen may be used up. The next take, at once, finds it among its own.
    // NextDueIn leaves out what other living workers own: their timers are theirs to wait for.
    private const string TakeSql = """
        WITH me AS MATERIALIZED (
            SELECT FROM durable.worker WHERE worker = $2 AND expires_at > now()
        ),
        nobody AS MATERIALIZED (
            SELECT -$1::bigint AS owner
            UNION ALL
            SELECT worker FROM durable.worker WHERE hub = $1 AND expires_at <= now()
        ),
        own AS MATERIALIZED (
            SELECT key, id, execution, step FROM durable.instance
            WHERE $4 > 0 AND owner = $2 AND next_due <= now() AND id <> ALL ($3) AND EXISTS (SELECT FROM me)
            ORDER BY next_due
            LIMIT $4 + 1
        ),
        free AS MATERIALIZED (
            SELECT found.key, found.next_due
            FROM nobody CROSS JOIN LATERAL (
                SELECT i.key, i.next_due FROM durable.instance AS i
                WHERE i.owner = nobody.owner AND i.next_due <= now() AND i.id <> ALL ($3)
                ORDER BY i.next_due
                LIMIT (SELECT greatest($4 + 1 - count(*), 0) FROM own)
                FOR NO KEY UPDATE SKIP LOCKED) AS found
            WHERE $4 > 0 AND EXISTS (SELECT FROM me)
        ),
        claimed AS (
            UPDATE durable.instance AS i SET owner = $2
            FROM (SELECT key FROM free ORDER BY next_due LIMIT (SELECT greatest($4 - count(*), 0) FROM own)) AS f
            WHERE i.key = f.key
            RETURNING i.key, i.id, i.execution, i.step
        ),
        taken AS MATERIALIZED (
            (SELECT 0 AS place, own.* FROM own LIMIT $4)
            UNION ALL
            SELECT 1, claimed.*
            FROM claimed JOIN durable.instance AS seen ON seen.key = claimed.key AND seen.step = claimed.step
        ),
        mine AS MATERIALIZED (
            SELECT * FROM durable.work
            WHERE $6 > 0 AND owner = $2 AND id <> ALL ($5) AND EXISTS (SELECT FROM me)
            ORDER BY id
            LIMIT $6 + 1
        ),
        waiting AS MATERIALIZED (
            SELECT found.id
            FROM nobody CROSS JOIN LATERAL (
                SELECT w.id FROM durable.work AS w
                WHERE w.owner = nobody.owner AND w.id <> ALL ($5)
                ORDER BY w.id
                LIMIT (SELECT greatest($6 + 1 - count(*), 0) FROM mine)
                FOR UPDATE SKIP LOCKED) AS found
            WHERE $6 > 0 AND EXISTS (SELECT FROM me)
        ),
        given AS (
            UPDATE durable.work AS w SET owner = $2
            FROM (SELECT id FROM waiting ORDER BY id LIMIT (SELECT greatest($6 - count(*), 0) FROM mine)) AS f
            WHERE w.id = f.id
            RETURNING w.*
        ),
        works AS MATERIALIZED (
            SELECT w.*, sum(octet_length(w.input)) OVER (ORDER BY w.id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
            FROM ((SELECT 0 AS place, mine.* FROM mine LIMIT $6) UNION ALL SELECT 1, given.* FROM given) AS w
        )
        SELECT 0 AS kind, 0 AS place, NULL AS id, NULL::int AS execution, NULL::bigint AS step, NULL::bigint AS number, NULL::int AS other,
            NULL::bytea AS payload, NULL AS name, NULL AS version, NULL AS trace_parent, NULL::bytea AS tags, now() AS time,
            EXISTS (SELECT FROM me) AS lives,
            (SELECT count(*) FROM own) + (SELECT count(*) FROM free) > $4 AND $4 > 0
                OR (SELECT count(*) FROM mine) + (SELECT count(*) FROM waiting) > $6 AND $6 > 0
                OR (SELECT count(*) FROM claimed) > (SELECT count(*) FROM taken WHERE place = 1)
                OR EXISTS (SELECT FROM works WHERE bytes_before >= $8) AS more,
            (
                SELECT min(ahead.next_due) - now()
                FROM (SELECT $2 AS owner UNION ALL SELECT owner FROM nobody) AS o CROSS JOIN LATERAL (
                    SELECT next_due FROM durable.instance AS i
                    WHERE i.owner = o.owner AND i.next_due > now()
                    ORDER BY next_due
                    LIMIT 1) AS ahead
            ) AS next_due_in,
            NULL::bigint AS key
        UNION ALL
        SELECT 1, taken.place, taken.id, taken.execution, taken.step, m.sequence, m.execution,
            m.payload, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, taken.key
        FROM taken CROSS JOIN LATERAL (
            SELECT sequence, execution, payload,
                sum(octet_length(payload)) OVER (ORDER BY sequence ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS bytes_before
            FROM durable.message
            WHERE instance = taken.key AND due_at <= now()
            ORDER BY sequence
            LIMIT $7) AS m
        WHERE coalesce(m.bytes_before, 0) < $8
        UNION ALL
        SELECT 2, w.place, i.id, w.execution, NULL, w.id, w.task_id, w.input, w.name, w.version, w.trace_parent, w.tags, w.created_at, NULL, NULL, NULL, NULL
        FROM works AS w JOIN durable.instance AS i ON i.key = w.instance
        WHERE coalesce(w.bytes_before, 0) < $8
        ORDER BY kind, place, number
        """;

    private const string GiveUpSql = """
        WITH mine AS MATERIALIZED (
            SELECT key FROM durable.instance WHERE hub = $1 AND id = ANY ($3) AND owner + 0 = $2 ORDER BY id FOR NO KEY UPDATE
        ),
        given_up AS (
            UPDATE durable.instance AS i SET owner = -$1 FROM mine WHERE i.key = mine.key RETURNING i.key
        )
        UPDATE durable.work SET owner = -$1 WHERE id = ANY ($4) AND owner + 0 = $2 AND (SELECT count(*) FROM given_up) >= 0
        """;

    public async Task<Taken> TakeAsync(TakeRequest request, CancellationToken cancellationToken)
    {
        var unread = new Unread();
        var taken = await TakeAsync(unreadable.LeftOut(request), unread, cancellationToken);
        await GiveUpAsync(request.Worker, unread.Instances, unread.Activities, cancellationToken);
        return taken with { Instances = [.. taken.Instances.Where(instance => !unread.Instances.Contains(instance.InstanceId))] };
    }

    /// <summary>Gives up what this build cannot read.</summary>
    public async Task GiveUpAsync(
        long worker, IReadOnlyCollection<string> instances, IReadOnlyCollection<long> activities, CancellationToken cancellationToken)
    {
        if (instances.Count + activities.Count == 0)
            return;
        await using var command = database.Command(
            GiveUpSql, One(hub), One(worker), Many(instances, id => id), Many(activities, id => id));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<Taken> TakeAsync(TakeRequest request, Unread unread, CancellationToken cancellationToken)
    {
        await using var command = database.Command(
            TakeSql,
            One(hub),
            One(request.Worker),
            Many(request.Busy, id => id),
            One((long)request.InstancesMax),
            Many(request.Running, id => id),
            One((long)request.ActivitiesMax),
            One((long)MessagesOfOneInstanceMax),
            One((long)PayloadBytesMax));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var (taken, now) = (Taken.Nothing, DateTimeOffset.MinValue);
        var instances = new Dictionary<string, TakenInstance>(StringComparer.Ordinal);
        var activities = new List<ActivityWork>();
        while (await row.ReadAsync(cancellationToken))
        {
            var kind = row.GetInt32(0);
            if (kind == Summary)
            {
                (taken, now) = (ReadSummary(row), row.GetFieldValue<DateTimeOffset>(12));
                continue;
            }

            try
            {
                if (kind == Message)
                    AddMessage(instances, now, row);
                else
                    activities.Add(ReadWork(row));
            }
            catch (InvalidDataException e) when (kind == Message)
            {
                unread.Instances.Add(row.GetString(2));
                unreadable.Add(row.GetString(2), e);
            }
            catch (InvalidDataException e)
            {
                unread.Activities.Add(row.GetInt64(5));
                unreadable.Add(row.GetInt64(5), row.GetString(2), e);
            }
        }

        await row.NextResultAsync(cancellationToken);
        return taken with { Instances = [.. instances.Values], Activities = activities };
    }

    private static Taken ReadSummary(NpgsqlDataReader row) => Taken.Nothing with
    {
        WorkerLives = row.GetBoolean(13),
        More = row.GetBoolean(14),
        NextDueIn = row.IsDBNull(15) ? null : row.GetTimeSpan(15),
    };

    private static void AddMessage(Dictionary<string, TakenInstance> instances, DateTimeOffset now, NpgsqlDataReader row)
    {
        var id = row.GetString(2);
        if (!instances.TryGetValue(id, out var instance))
            instances.Add(id, instance = new TakenInstance(id, row.GetInt64(16), row.GetInt32(3), row.GetInt64(4), now, new List<ReceivedMessage>()));
        ((List<ReceivedMessage>)instance.Messages).Add(new ReceivedMessage(
            row.GetInt64(5), row.IsDBNull(6) ? null : row.GetInt32(6), PayloadCodec.DecodeEvent(row.GetFieldValue<byte[]>(7))));
    }

    private static ActivityWork ReadWork(NpgsqlDataReader row) => new(
        Id: row.GetInt64(5),
        InstanceId: row.GetString(2),
        Execution: row.GetInt32(3),
        TaskId: row.GetInt32(6),
        Name: row.GetString(8),
        Version: row.Nullable<string>(9),
        Input: PayloadCodec.DecodeText(row.Nullable<byte[]>(7)),
        TraceParent: row.Nullable<string>(10),
        Tags: PayloadCodec.DecodeOptional<Dictionary<string, string>>(row.Nullable<byte[]>(11)),
        CreatedAt: row.GetFieldValue<DateTimeOffset>(12));

    private sealed class Unread
    {
        public HashSet<string> Instances { get; } = new(StringComparer.Ordinal);

        public List<long> Activities { get; } = [];
    }
}
