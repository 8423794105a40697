using Npgsql;
using static BuildingMgmt.LocalRuntime.Durable.Store.Sql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Exchanges activities for their results, many at once, in one statement.</summary>
internal sealed class PostgresResults(NpgsqlDataSource database, int hub, PostgresWakes wakes)
{
    // The row of the activity is the right to answer: whoever deletes it has answered, once. The instances are locked first, in the order of
    // their ids, so that none of them ends or counts its messages meanwhile. "woken" has no condition on next_due: it would be looked at as of
    // before the wait for the lock, when messages that a step has used up since were still due. Each activity is looked up by its id (LATERAL
    // with OFFSET 0), not among the thousands of its instance. One that moves before it is deleted has another owner, and is not found.
    private const string CommitSql = $"""
        WITH result AS MATERIALIZED (
            SELECT * FROM unnest($3, $4, $5) WITH ORDINALITY AS r (id, instance_id, payload, ord)
        ),
        locked AS MATERIALIZED (
            SELECT key, id, owner FROM durable.instance
            WHERE {LocksAreAwaitedBriefly} AND hub = $1 AND id = ANY ($4)
            ORDER BY id
            FOR NO KEY UPDATE
        ),
        found AS MATERIALIZED (
            SELECT r.ord, r.payload, locked.owner, w.place
            FROM result AS r
            JOIN locked ON locked.id = r.instance_id
            CROSS JOIN LATERAL (SELECT ctid AS place, instance FROM durable.work WHERE id = r.id OFFSET 0) AS w
            WHERE w.instance = locked.key
        ),
        done AS (
            DELETE FROM durable.work AS w
            USING found
            WHERE w.ctid = found.place AND w.owner + 0 = $2
            RETURNING found.ord, found.payload, w.instance, w.execution, found.owner
        ),
        sent AS (
            INSERT INTO durable.message (instance, execution, payload)
            SELECT instance, execution, payload FROM done ORDER BY ord
        ),
        woken AS (
            UPDATE durable.instance AS i SET next_due = least(i.next_due, now())
            FROM (SELECT DISTINCT instance FROM done) AS d
            WHERE i.key = d.instance
        )
        SELECT done.ord, coalesce(w.worker, 0)
        FROM done LEFT JOIN durable.worker AS w ON w.worker = done.owner AND w.expires_at > now()
        """;

    public Task<IReadOnlyList<ResultReceipt>> CommitAsync(
        long worker, IReadOnlyList<ActivityResult> results, CancellationToken cancellationToken) =>
        LockedInstances.WithoutAsync(
            database, hub, results, result => [result.Work.InstanceId], free => CommitAllAsync(worker, free, cancellationToken),
            new ResultReceipt(false, false, Locked: true), cancellationToken);

    private async Task<IReadOnlyList<ResultReceipt>> CommitAllAsync(
        long worker, IReadOnlyList<ActivityResult> results, CancellationToken cancellationToken)
    {
        var receipts = Enumerable.Repeat(new ResultReceipt(false, false), results.Count).ToArray();
        var others = new WakeTargets(worker);
        await using var command = database.Command(
            CommitSql,
            One(hub),
            One(worker),
            Many(results, result => result.Work.Id),
            Many(results, result => result.Work.InstanceId),
            Many(results, result => PayloadCodec.EncodeEvent(result.Event)));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            var owner = row.GetInt64(1);
            receipts[(int)row.GetInt64(0) - 1] = new ResultReceipt(true, owner == worker || owner == 0);
            others.Add(owner);
        }

        // Only at the end of the answer is it certain that the transaction stands.
        await row.NextResultAsync(cancellationToken);
        wakes.Wake(others);
        return receipts;
    }
}
