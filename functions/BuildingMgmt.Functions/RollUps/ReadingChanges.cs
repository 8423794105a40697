using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.RollUps;

/// <summary>Some points of an hour that have to be rolled up.</summary>
/// <param name="Hour">Where the hour begins.</param>
/// <param name="First">Id of the first point.</param>
/// <param name="Past">Id behind the last one.</param>
/// <param name="Cause">Why a bucket that was rolled up before is another now.</param>
/// <param name="IsCarried">Whether later hours, in which a value may hold, are recorded already.</param>
internal readonly record struct ReadingChange(DateTime Hour, int First, int Past, string Cause, bool IsCarried);

/// <summary>The record of what has to be rolled up. Its writers only add; all else is for the holder of <see cref="RollUpLock"/>.</summary>
internal static class ReadingChanges
{
    // A record can be cut in two; most hold one range of many points.
    private const int RecordsPerTakeMax = 2_000;

    // One record an hour and cause, however many were added.
    private const string FoldSql = """
        WITH many AS (
            SELECT hour, cause, is_carried FROM reading_change WHERE hour > $1 GROUP BY hour, cause, is_carried HAVING count(*) > 1
        ), taken AS (
            DELETE FROM reading_change AS change USING many
            WHERE change.hour = many.hour AND change.cause = many.cause AND change.is_carried = many.is_carried
            RETURNING change.*
        )
        INSERT INTO reading_change (hour, points, cause, is_carried, recorded_at)
        SELECT hour, range_agg(points), cause, is_carried, min(recorded_at) FROM taken GROUP BY hour, cause, is_carried
        """;

    // What is taken is deleted before anything is computed: whatever is stored later leaves a record that is still there.
    private const string TakeSql = """
        WITH next AS (
            SELECT hour, change_id FROM reading_change
            WHERE hour > $1 AND hour <= $2 AND (hour <= $5 OR NOT is_carried) ORDER BY hour, change_id LIMIT $3
        ), taken AS (
            DELETE FROM reading_change AS change USING next WHERE change.hour = next.hour AND change.change_id = next.change_id
            RETURNING change.*
        ), folded AS (
            SELECT hour, cause, is_carried, min(recorded_at) AS recorded_at, unnest(range_agg(points)) AS points
            FROM taken GROUP BY hour, cause, is_carried
        ), ranges AS (
            SELECT hour, cause, is_carried, recorded_at, lower(points) AS first, upper(points) AS past,
                sum(upper(points) - lower(points)) OVER (ORDER BY hour, cause, is_carried, points) AS total
            FROM folded
        ), put_back AS (
            INSERT INTO reading_change (hour, points, cause, is_carried, recorded_at)
            SELECT hour, range_agg(int4range(greatest(first, past - (total - $4)::integer), past)), cause, is_carried, min(recorded_at)
            FROM ranges WHERE total > $4 GROUP BY hour, cause, is_carried
        )
        SELECT hour, first, least(past, past - (total - $4)::integer), cause, is_carried
        FROM ranges WHERE total - (past - first) < $4
        """;

    private const string WaitingSql = """
        SELECT count(*), coalesce(extract(epoch FROM now() - min(greatest(recorded_at, hour + interval '1 hour'))), 0)::bigint
        FROM reading_change WHERE hour <= $1
        """;

    // Hours are recorded by Universal Time. In a zone that is half an hour off, one of them is a part of two of the building's, of which the
    // first is over before it is.
    private const string NewestSql = """
        SELECT CASE
            WHEN EXISTS (
                SELECT FROM (SELECT DISTINCT usable_time_zone(time_zone) AS zone FROM building) AS used
                WHERE date_trunc('hour', $1, zone) <> date_trunc('hour', $1, 'UTC')
                    OR date_trunc('hour', $1 - interval '1 hour', zone) <> date_trunc('hour', $1 - interval '1 hour', 'UTC')
            )
            THEN $1
            ELSE $1 - interval '1 hour'
        END
        """;

    /// <summary>Beginning of the newest recorded hour that may touch buckets which are over by a time.</summary>
    public static async Task<DateTime> NewestAsync(NpgsqlTransaction transaction, DateTime overBy, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(NewestSql, transaction.Connection, transaction) { Parameters = { One(overBy) } };
        return (DateTime)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Puts the records of hours that are not over together, so that they stay few.</summary>
    /// <param name="newestOver">Beginning of the newest hour that is over.</param>
    public static async Task FoldAsync(NpgsqlTransaction transaction, DateTime newestOver, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(FoldSql, transaction.Connection, transaction) { Parameters = { One(newestOver) } };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>
    /// Takes the oldest records of hours that begin after one time and not after another, as far as they name no more than so many points.
    /// </summary>
    /// <param name="newestOver">Beginning of the newest hour that is over. What is carried into a later one is not taken again before.</param>
    public static async Task<List<ReadingChange>> TakeAsync(
        NpgsqlTransaction transaction, DateTime after, DateTime last, DateTime newestOver, int pointsMax, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(TakeSql, transaction.Connection, transaction)
        {
            Parameters = { One(after), One(last), One(RecordsPerTakeMax), One((long)pointsMax), One(newestOver) },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var changes = new List<ReadingChange>();
        while (await reader.ReadAsync(cancellationToken))
        {
            changes.Add(new ReadingChange(
                reader.GetDateTime(0), reader.GetInt32(1), reader.GetInt32(2), reader.GetString(3), reader.GetBoolean(4)));
        }

        return changes;
    }

    /// <summary>
    /// How many records of hours that begin at a time or before there are, and for how many seconds the oldest could have been taken.
    /// </summary>
    public static async Task<(long Count, long OldestSeconds)> WaitingAsync(
        NpgsqlDataSource source, DateTime last, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(WaitingSql);
        command.Parameters.Add(One(last));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return (reader.GetInt64(0), Math.Max(0, reader.GetInt64(1)));
    }
}
