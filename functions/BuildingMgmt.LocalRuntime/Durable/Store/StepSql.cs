namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>
/// The statements that commit steps, in this order. Each sees what the ones before it did. The first locks every instance that any of them
/// touches; so nobody's message can slip in between what the later ones read and what they write, and "accepted" is the same for all of them
/// until the last one moves the instances on.
/// </summary>
internal static class StepSql
{
    // In the order of ids, as every transaction locks instances: two that want the same ones meet at the first and wait in a line.
    public const string Lock = $"""
        SELECT 2, count(*), 0::bigint, false
        FROM (
            SELECT FROM durable.instance
            WHERE {Sql.LocksAreAwaitedBriefly} AND hub = $1 AND id = ANY ($2)
            ORDER BY id
            FOR NO KEY UPDATE) AS locked
        """;

    // A repeated step, or one of a worker that was displaced, finds another step number or another owner, and does nothing.
    // LATERAL with OFFSET 0, here and below, keeps the planner to one look-up for each row. Without it, it goes through all that a worker owns,
    // or through the whole of a queue, when its statistics are of a time when there was nothing in it.
    private const string Accepted = """
        accepted AS MATERIALIZED (
            SELECT s.ord, i.key, i.id, i.step, i.execution
            FROM unnest($3, $4) WITH ORDINALITY AS s (id, step, ord)
            CROSS JOIN LATERAL (SELECT * FROM durable.instance WHERE hub = $1 AND id = s.id OFFSET 0) AS i
            WHERE i.owner = $2 AND i.step = s.step
        )
        """;

    // DO UPDATE: an ended instance of that id gives way, with its history; its step number goes on, so that whoever had it is fenced.
    public const string Children = $"""
        WITH {Accepted},
        child AS MATERIALIZED (
            SELECT c.*, a.key AS parent, a.id AS parent_id, a.execution AS parent_execution,
                row_number() OVER (PARTITION BY c.id ORDER BY c.n) = 1 AS first
            FROM unnest($5, $6, $7, $8, $9, $10, $11, $12, $13) WITH ORDINALITY
                AS c (ord, id, name, version, input, tags, start_at, start, taken, n)
            JOIN accepted AS a ON a.ord = c.ord
        ),
        made AS (
            INSERT INTO durable.instance AS i (hub, id, owner, name, version, status, next_due, parent_id, input, tags)
            SELECT $1, id, -$1, name, version, 6, coalesce(start_at, now()), parent_id, input, tags FROM child WHERE first ORDER BY id
            ON CONFLICT (id, hub) DO UPDATE
            SET name = excluded.name, version = excluded.version, status = 6, next_due = excluded.next_due, parent_id = excluded.parent_id,
                input = excluded.input, tags = excluded.tags, step = i.step + 1, execution = i.execution + 1, owner = -$1,
                created_at = now(), updated_at = now(), ended_at = NULL, output = NULL, custom_status = NULL, failure = NULL
            WHERE i.status IN {Statuses.EndsSql}
            RETURNING i.key, i.id, i.execution, i.next_due
        ),
        replaced AS (
            DELETE FROM durable.history AS h USING made WHERE made.execution > 0 AND h.instance = made.key
        ),
        started AS (
            INSERT INTO durable.message (instance, execution, due_at, payload)
            SELECT made.key, made.execution, made.next_due, c.start FROM made JOIN child AS c ON c.id = made.id AND c.first
        )
        INSERT INTO durable.message (instance, execution, payload)
        SELECT c.parent, c.parent_execution, c.taken
        FROM child AS c LEFT JOIN made ON made.id = c.id AND c.first
        WHERE made.id IS NULL AND c.taken IS NOT NULL
        ORDER BY c.n
        """;

    // DO NOTHING: the same event, sent again because its sender did not hear that it had arrived.
    // "woken" leaves out the steps' own instances: the last statement writes them in any case.
    public const string Write = $"""
        WITH {Accepted},
        consumed AS (
            DELETE FROM durable.message AS m
            USING unnest($5, $6) AS c (ord, sequence)
            JOIN accepted AS a ON a.ord = c.ord
            CROSS JOIN LATERAL (
                SELECT ctid AS place FROM durable.message WHERE instance = a.key AND sequence = c.sequence OFFSET 0) AS found
            WHERE m.ctid = found.place
        ),
        kept AS (
            INSERT INTO durable.history (instance, step, payload)
            SELECT a.key, a.step, h.payload FROM unnest($7, $8) AS h (ord, payload) JOIN accepted AS a ON a.ord = h.ord
        ),
        scheduled AS (
            INSERT INTO durable.work (hub, instance, execution, task_id, name, version, input, trace_parent, tags, owner)
            SELECT $1, a.key, a.execution, w.task_id, w.name, w.version, w.input, w.trace_parent, w.tags,
                CASE
                    WHEN row_number() OVER (ORDER BY w.n) <= $9
                        AND EXISTS (SELECT FROM durable.worker WHERE worker = $2 AND expires_at > now()) THEN $2
                    ELSE -$1
                END
            FROM unnest($10, $11, $12, $13, $14, $15, $16) WITH ORDINALITY
                AS w (ord, task_id, name, version, input, trace_parent, tags, n)
            JOIN accepted AS a ON a.ord = w.ord
            ORDER BY w.n
            RETURNING id, instance, task_id, owner, created_at
        ),
        sent AS (
            INSERT INTO durable.message (instance, execution, due_at, message_id, payload)
            SELECT target.key, m.execution, coalesce(m.due_at, now()), m.message_id, m.payload
            FROM unnest($17, $18, $19, $20, $21, $22, $23) WITH ORDINALITY
                AS m (ord, instance_id, key, execution, due_at, message_id, payload, n)
            JOIN accepted AS a ON a.ord = m.ord
            CROSS JOIN LATERAL (SELECT key, status FROM durable.instance WHERE hub = $1 AND id = m.instance_id OFFSET 0) AS target
            WHERE target.status NOT IN {Statuses.EndsSql} AND target.key = coalesce(m.key, target.key)
            ORDER BY m.n
            ON CONFLICT (instance, message_id) WHERE message_id IS NOT NULL DO NOTHING
            RETURNING instance, due_at
        ),
        woken AS (
            UPDATE durable.instance AS i SET next_due = least(i.next_due, s.due_at)
            FROM (SELECT instance, min(due_at) AS due_at FROM sent GROUP BY instance) AS s
            WHERE i.key = s.instance AND (i.next_due IS NULL OR i.next_due > s.due_at) AND i.key NOT IN (SELECT key FROM accepted)
        )
        SELECT 0, a.ord, greatest(s.owner, 0), false, s.id, s.task_id, s.created_at
        FROM scheduled AS s JOIN accepted AS a ON a.key = s.instance
        ORDER BY s.id
        """;

    // By what it was written with: a timer's message has no other number that its step could know.
    public const string CancelTimers = $"""
        WITH {Accepted}
        DELETE FROM durable.message AS m
        USING unnest($5, $6, $7) AS c (ord, due_at, payload)
        JOIN accepted AS a ON a.ord = c.ord
        CROSS JOIN LATERAL (
            SELECT ctid AS place FROM durable.message
            WHERE instance = a.key AND due_at = c.due_at AND execution = a.execution AND payload = c.payload OFFSET 0) AS found
        WHERE m.ctid = found.place
        """;

    // What an end or a restart takes away, after the writes, so that it takes what other steps of this commit have just sent as well.
    // What a restart opens with has numbers below 0: it comes before all that waits, which is younger. A later restart's are lower still:
    // it opens with what its execution had received, and that was before what of the last opening is still unread.
    public const string End = $"""
        WITH {Accepted},
        ending AS MATERIALIZED (
            SELECT a.key, a.ord, a.execution, e.restart FROM unnest($5, $6) AS e (ord, restart) JOIN accepted AS a ON a.ord = e.ord
        ),
        cancelled AS (
            DELETE FROM durable.work AS w USING ending AS e WHERE w.instance = e.key
        ),
        erased AS (
            DELETE FROM durable.history AS h USING ending AS e WHERE e.restart AND h.instance = e.key
        ),
        swept AS (
            DELETE FROM durable.message AS m USING ending AS e
            WHERE m.instance = e.key AND (NOT e.restart OR m.execution <= e.execution)
        )
        INSERT INTO durable.message (instance, sequence, execution, payload)
        SELECT e.key, o.n - ((e.execution + 1)::bigint << 24), CASE WHEN o.starts THEN e.execution + 1 END, o.payload
        FROM unnest($7, $8, $9) WITH ORDINALITY AS o (ord, starts, payload, n) JOIN ending AS e ON e.ord = o.ord
        """;

    public const string Advance = $"""
        WITH {Accepted},
        advanced AS (
            UPDATE durable.instance AS i
            SET step = i.step + 1,
                execution = i.execution + s.restart::int,
                status = s.status,
                custom_status = CASE WHEN NOT s.clears THEN coalesce(s.custom_status, i.custom_status) END,
                output = s.output,
                failure = s.failure,
                version = coalesce(s.version, i.version),
                input = CASE WHEN s.restart THEN s.input ELSE i.input END,
                updated_at = now(),
                ended_at = CASE WHEN s.ended THEN now() END,
                owner = CASE WHEN s.keep THEN i.owner ELSE -$1 END,
                next_due = (SELECT min(m.due_at) FROM durable.message AS m WHERE m.instance = i.key)
            FROM (
                SELECT a.key, s.*
                FROM unnest($5, $6, $7, $8, $9, $10, $11, $12, $13, $14) WITH ORDINALITY
                    AS s (status, custom_status, output, failure, version, input, restart, keep, ended, clears, ord)
                JOIN accepted AS a ON a.ord = s.ord) AS s
            WHERE i.key = s.key
            RETURNING s.ord, i.key, i.owner, i.next_due
        )
        SELECT 1, ord, greatest(owner, 0), coalesce(next_due <= now(), false) FROM advanced
        UNION ALL
        SELECT DISTINCT 2, 0::bigint, coalesce(w.worker, 0), true
        FROM unnest($15) AS t (id)
        CROSS JOIN LATERAL (SELECT * FROM durable.instance WHERE hub = $1 AND id = t.id OFFSET 0) AS i
        LEFT JOIN durable.worker AS w ON w.worker = i.owner AND w.expires_at > now()
        WHERE i.next_due <= now() AND i.key NOT IN (SELECT key FROM advanced)
        """;
}
