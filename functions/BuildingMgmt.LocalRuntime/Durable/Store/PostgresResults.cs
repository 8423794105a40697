using Npgsql;
using static BuildingMgmt.LocalRuntime.Durable.Store.Sql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Exchanges activities for their results, many at once, in one statement.</summary>
internal sealed class PostgresResults(NpgsqlDataSource database, int hub, PostgresWakes wakes)
{
    // The row of the activity is the right to answer: whoever deletes it has answered, once.
    private const string CommitSql = """
        WITH result AS MATERIALIZED (
            SELECT * FROM unnest($3, $4) WITH ORDINALITY AS r (id, payload, ord)
        ),
        done AS (
            DELETE FROM durable.work AS w
            USING result AS r
            WHERE w.id = r.id AND w.owner = $2
            RETURNING r.ord, r.payload, w.instance_id, w.execution
        ),
        answered AS MATERIALIZED (
            SELECT d.*, i.owner
            FROM done AS d
            LEFT JOIN durable.instance AS i
                ON i.hub = $1 AND i.id = d.instance_id AND i.execution = d.execution AND i.status NOT IN (1, 3, 5)
        ),
        sent AS (
            INSERT INTO durable.message (hub, instance_id, execution, payload)
            SELECT $1, instance_id, execution, payload FROM answered ORDER BY ord
        )
        SELECT ord, owner FROM answered
        """;

    public async Task<IReadOnlyList<ResultReceipt>> CommitAsync(
        long worker, IReadOnlyList<ActivityResult> results, CancellationToken cancellationToken)
    {
        var receipts = Enumerable.Repeat(new ResultReceipt(false, false), results.Count).ToArray();
        var others = new WakeTargets(worker);
        await using var command = database.Command(
            CommitSql,
            One(hub),
            One(worker),
            Many(results, result => result.Work.Id),
            Many(results, result => PayloadCodec.EncodeEvent(result.Event)));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
        {
            long? owner = row.IsDBNull(1) ? null : row.GetInt64(1);
            receipts[(int)row.GetInt64(0) - 1] = new ResultReceipt(true, owner == worker);
            others.Add(owner);
        }

        wakes.Wake(others);
        return receipts;
    }
}
