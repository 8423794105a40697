using BuildingMgmt.LocalRuntime.Durable.Execution;
using Npgsql;
using static BuildingMgmt.LocalRuntime.Durable.Store.Sql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Commits steps of orchestrations, many at once, in one statement.</summary>
internal sealed class PostgresSteps(NpgsqlDataSource database, int hub, PostgresWakes wakes)
{
    private const int Accepted = 0;
    private const int Scheduled = 1;
    private const int Sent = 2;
    private const int Left = 3;

    // All parts see the database as it was before the statement; what one changes another learns from RETURNING only. So "accepted" is
    // what this call has accepted: a repeated call, whose step is in the database, accepts nothing and changes nothing.
    // A child whose id belongs to a step of this very statement is taken for running: a row is not changed twice by one statement.
    // DO UPDATE (child): an ended instance of that id gives way, with its history; its step number goes on, so that whoever had it is fenced.
    private const string CommitSql = """
        WITH step AS MATERIALIZED (
            SELECT * FROM unnest($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) WITH ORDINALITY
                AS s (id, step, execution, status, custom_status, output, failure, version, input, restart, keep, history, ord)
        ),
        accepted AS (
            UPDATE durable.instance AS i
            SET step = i.step + 1,
                execution = i.execution + s.restart::int,
                status = s.status,
                custom_status = coalesce(s.custom_status, i.custom_status),
                output = s.output,
                failure = s.failure,
                version = coalesce(s.version, i.version),
                input = CASE WHEN s.restart THEN s.input ELSE i.input END,
                updated_at = now(),
                ended_at = CASE WHEN s.status IN (1, 3, 5) THEN now() END,
                owner = CASE WHEN s.keep AND s.status NOT IN (1, 3, 5) THEN i.owner END
            FROM step AS s
            WHERE i.hub = $1 AND i.id = s.id AND i.step = s.step AND i.execution = s.execution AND i.owner = $2
            RETURNING s.ord, s.id, s.step, s.execution, s.restart, s.history, s.status IN (1, 3, 5) AS ended, i.owner
        ),
        consumed AS (
            DELETE FROM durable.message AS m
            USING unnest($16, $17) AS c (ord, sequence), accepted AS a
            WHERE a.ord = c.ord AND m.hub = $1 AND m.instance_id = a.id AND m.sequence = c.sequence
        ),
        swept AS (
            DELETE FROM durable.message AS m
            USING accepted AS a
            WHERE (a.ended OR a.restart) AND m.hub = $1 AND m.instance_id = a.id AND (a.ended OR m.execution IS NOT NULL)
        ),
        cancelled AS (
            DELETE FROM durable.work AS w
            USING accepted AS a
            WHERE (a.ended OR a.restart) AND w.hub = $1 AND w.instance_id = a.id
        ),
        kept AS (
            INSERT INTO durable.history (hub, instance_id, step, payload)
            SELECT $1, id, step, history FROM accepted WHERE history IS NOT NULL AND NOT restart
        ),
        erased AS (
            DELETE FROM durable.history AS h USING accepted AS a WHERE a.restart AND h.hub = $1 AND h.instance_id = a.id
        ),
        scheduled AS (
            INSERT INTO durable.work (hub, instance_id, execution, task_id, name, version, input, trace_parent, tags, owner)
            SELECT $1, a.id, a.execution, w.task_id, w.name, w.version, w.input, w.trace_parent, w.tags,
                CASE WHEN row_number() OVER (ORDER BY w.n) <= $3 THEN $2 END
            FROM unnest($18, $19, $20, $21, $22, $23, $24) WITH ORDINALITY
                AS w (ord, task_id, name, version, input, trace_parent, tags, n)
            JOIN accepted AS a ON a.ord = w.ord
            WHERE NOT a.ended AND NOT a.restart
            ORDER BY w.n
            RETURNING id, instance_id, task_id, owner, created_at
        ),
        child AS MATERIALIZED (
            SELECT c.*, a.id AS parent_id, a.execution AS parent_execution,
                row_number() OVER (PARTITION BY c.id ORDER BY c.n) = 1 AND c.id NOT IN (SELECT id FROM step) AS first
            FROM unnest($25, $26, $27, $28, $29, $30, $31, $32) WITH ORDINALITY
                AS c (ord, id, name, version, input, tags, start, taken, n)
            JOIN accepted AS a ON a.ord = c.ord
        ),
        made AS (
            INSERT INTO durable.instance AS i (hub, id, name, version, status, parent_id, input, tags)
            SELECT $1, id, name, version, 6, parent_id, input, tags FROM child WHERE first
            ON CONFLICT (hub, id) DO UPDATE
            SET name = excluded.name, version = excluded.version, status = 6, parent_id = excluded.parent_id,
                input = excluded.input, tags = excluded.tags, step = i.step + 1, execution = i.execution + 1, owner = NULL,
                created_at = now(), updated_at = now(), ended_at = NULL, output = NULL, custom_status = NULL, failure = NULL
            WHERE i.status IN (1, 3, 5)
            RETURNING i.id, i.execution
        ),
        replaced AS (
            DELETE FROM durable.history AS h USING made WHERE made.execution > 0 AND h.hub = $1 AND h.instance_id = made.id
        ),
        letter AS (
            SELECT m.n, m.instance_id, m.execution, coalesce(m.due_at, now()) AS due_at, m.message_id, m.payload
            FROM unnest($33, $34, $35, $36, $37, $38) WITH ORDINALITY AS m (ord, instance_id, execution, due_at, message_id, payload, n)
            JOIN accepted AS a ON a.ord = m.ord
            JOIN durable.instance AS target ON target.hub = $1 AND target.id = m.instance_id AND target.status NOT IN (1, 3, 5)
            UNION ALL
            SELECT c.n, c.id, NULL, now(), NULL, c.start FROM child AS c JOIN made ON made.id = c.id WHERE c.first
            UNION ALL
            SELECT c.n, c.parent_id, c.parent_execution, now(), NULL, c.taken
            FROM child AS c LEFT JOIN made ON made.id = c.id
            WHERE made.id IS NULL OR NOT c.first
        ),
        sent AS (
            INSERT INTO durable.message (hub, instance_id, execution, due_at, message_id, payload)
            SELECT $1, instance_id, execution, due_at, message_id, payload FROM letter ORDER BY n
            ON CONFLICT (hub, instance_id, message_id) WHERE message_id IS NOT NULL DO NOTHING
            RETURNING instance_id, due_at
        )
        SELECT 0 AS kind, a.ord, NULL::bigint AS id, NULL::int AS task_id, a.owner, NULL::timestamptz AS created_at FROM accepted AS a
        UNION ALL
        SELECT 1, a.ord, s.id, s.task_id, s.owner, s.created_at FROM scheduled AS s JOIN accepted AS a ON a.id = s.instance_id
        UNION ALL
        SELECT DISTINCT 2, 0, 0::bigint, 0, target.owner, NULL::timestamptz
        FROM sent LEFT JOIN durable.instance AS target ON target.hub = $1 AND target.id = sent.instance_id
        WHERE sent.due_at <= now()
        UNION ALL
        SELECT 3, a.ord, NULL, NULL, a.owner, NULL
        FROM accepted AS a
        WHERE NOT a.ended AND EXISTS (
            SELECT FROM durable.message AS m
            WHERE m.hub = $1 AND m.instance_id = a.id AND m.due_at <= now() AND m.sequence <> ALL ($17))
        """;

    public async Task<IReadOnlyList<StepReceipt>> CommitAsync(
        long worker, IReadOnlyList<StepCommit> steps, int activitiesMax, CancellationToken cancellationToken)
    {
        await using var command = database.Command(CommitSql, [One(hub), One(worker), One(activitiesMax), .. StepColumns(steps)]);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var accepted = new bool[steps.Count];
        var given = new List<ActivityWork>?[steps.Count];
        var moreDue = false;
        var others = new WakeTargets(worker);
        while (await row.ReadAsync(cancellationToken))
        {
            var step = (int)row.GetInt64(1) - 1;
            long? owner = row.IsDBNull(4) ? null : row.GetInt64(4);
            switch (row.GetInt32(0))
            {
                case Accepted:
                    accepted[step] = true;
                    break;
                case Scheduled when owner is null:
                    others.AddAll();
                    break;
                case Scheduled:
                    (given[step] ??= []).Add(Work(steps[step], row));
                    break;
                case Sent or Left:
                    moreDue |= owner is null || owner == worker;
                    others.Add(owner);
                    break;
            }
        }

        wakes.Wake(others);
        return [.. accepted.Select((isAccepted, step) => new StepReceipt(isAccepted, given[step] ?? [], isAccepted && moreDue))];
    }

    private static ActivityWork Work(StepCommit step, NpgsqlDataReader row)
    {
        var taskId = row.GetInt32(3);
        var activity = step.Activities.First(activity => activity.TaskId == taskId);
        return new ActivityWork(
            row.GetInt64(2), step.InstanceId, step.Execution, taskId, activity.Name, activity.Version, activity.Input,
            activity.TraceParent, activity.Tags, row.GetFieldValue<DateTimeOffset>(5));
    }

    private static IEnumerable<NpgsqlParameter> StepColumns(IReadOnlyList<StepCommit> steps) =>
    [
        Many(steps, step => step.InstanceId),
        Many(steps, step => step.Step),
        Many(steps, step => step.Execution),
        Many(steps, step => (short)step.State.Status),
        Many(steps, step => PayloadCodec.EncodeText(step.State.CustomStatus)),
        Many(steps, step => PayloadCodec.EncodeText(step.State.Output)),
        Many(steps, step => PayloadCodec.EncodeOptional(step.State.Failure)),
        Many(steps, step => step.State.Version),
        Many(steps, step => PayloadCodec.EncodeText(step.State.Input)),
        Many(steps, step => step.Restart is not null),
        Many(steps, step => step.Keep),
        Many(steps, step => step.Appended.Count == 0 ? null : PayloadCodec.EncodeEvents(step.Appended)),
        .. ConsumedColumns(Flat(steps, step => step.Consumed)),
        .. ActivityColumns(Flat(steps, step => step.Activities)),
        .. ChildColumns(Flat(steps, step => step.Children)),
        .. MessageColumns(Flat(steps, step => step.Restart is null ? step.Messages : [.. step.Messages, .. Restarted(step)])),
    ];

    private static IEnumerable<NpgsqlParameter> ConsumedColumns(List<(long Ord, long Sequence)> consumed) =>
    [
        Many(consumed, item => item.Ord),
        Many(consumed, item => item.Sequence),
    ];

    private static IEnumerable<NpgsqlParameter> ActivityColumns(List<(long Ord, NewActivity Activity)> activities) =>
    [
        Many(activities, item => item.Ord),
        Many(activities, item => item.Activity.TaskId),
        Many(activities, item => item.Activity.Name),
        Many(activities, item => item.Activity.Version),
        Many(activities, item => PayloadCodec.EncodeText(item.Activity.Input)),
        Many(activities, item => item.Activity.TraceParent),
        Many(activities, item => PayloadCodec.EncodeOptional(item.Activity.Tags)),
    ];

    private static IEnumerable<NpgsqlParameter> ChildColumns(List<(long Ord, NewInstance Instance)> children) =>
    [
        Many(children, item => item.Ord),
        Many(children, item => item.Instance.InstanceId),
        Many(children, item => item.Instance.Start.Name),
        Many(children, item => item.Instance.Start.Version),
        Many(children, item => PayloadCodec.EncodeText(item.Instance.Start.Input)),
        Many(children, item => PayloadCodec.EncodeOptional(item.Instance.Start.Tags)),
        Many(children, item => PayloadCodec.EncodeEvent(item.Instance.Start)),
        Many(children, item => PayloadCodec.EncodeEvent(ChildIdTaken.Failure(item.Instance))),
    ];

    private static IEnumerable<NpgsqlParameter> MessageColumns(List<(long Ord, NewMessage Message)> messages) =>
    [
        Many(messages, item => item.Ord),
        Many(messages, item => item.Message.InstanceId),
        Many(messages, item => item.Message.Execution),
        Many(messages, item => item.Message.DueAt?.ToUniversalTime()),
        Many(messages, item => item.Message.Id),
        Many(messages, item => PayloadCodec.EncodeEvent(item.Message.Event)),
    ];

    private static IEnumerable<NewMessage> Restarted(StepCommit step) =>
        step.Restart!.Select(received => new NewMessage(step.InstanceId, step.Execution + 1, received));

    private static List<(long Ord, T Item)> Flat<T>(IReadOnlyList<StepCommit> steps, Func<StepCommit, IReadOnlyList<T>> items) =>
        [.. steps.SelectMany((step, index) => items(step).Select(item => (index + 1L, item)))];
}
