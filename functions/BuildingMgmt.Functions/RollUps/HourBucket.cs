using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.RollUps;

/// <summary>A clock hour of a point's building.</summary>
/// <param name="Bucket">Its beginning, by which it is known.</param>
/// <param name="StartsAt">First moment that is its own: later than its beginning where the clock was put on by less than an hour.</param>
/// <param name="EndsAt">The moment behind its last one.</param>
/// <param name="Day">The building's day that it is a part of.</param>
/// <param name="Cause">Why it is another than before, should it be.</param>
internal readonly record struct HourBucket(
    int PointId, DateTime Bucket, DateTime StartsAt, DateTime EndsAt, DateOnly Day, string Cause);

/// <summary>Finds the buckets that have to be computed.</summary>
internal static class HourBuckets
{
    // A building that is new is rolled up by the zone that it has now; see TimeZoneChanges for the others.
    private const string RememberZonesSql = """
        INSERT INTO roll_up_building (building_id, time_zone)
        SELECT building_id, usable_time_zone(time_zone) FROM building
        WHERE NOT EXISTS (SELECT FROM roll_up_building AS known WHERE known.building_id = building.building_id)
        ON CONFLICT (building_id) DO NOTHING
        """;

    // A value of a point that reports on change holds into later hours. Buckets that are not over are recorded anew, under the hour
    // that ends with them.
    private const string TouchedSql = """
        WITH touched AS (
            SELECT point_id, hour, cause, known.time_zone,
                CASE WHEN reporting = 'on_change' AND NOT is_carried THEN least(3::bigint * interval_s, 86400) ELSE 0 END AS holds_s
            FROM unnest($1, $2, $3, $4, $5) AS change (hour, first, past, cause, is_carried)
            JOIN point ON point_id >= first AND point_id < past
            JOIN sensor USING (sensor_id)
            JOIN floor USING (floor_id)
            JOIN roll_up_building AS known USING (building_id)
        ), span AS MATERIALIZED (
            SELECT hour, holds_s, time_zone, bucket, starts_at, ends_at
            FROM (SELECT DISTINCT hour, holds_s, time_zone FROM touched) AS given
            CROSS JOIN LATERAL local_hours(hour, hour + interval '1 hour' + holds_s * interval '1 second', time_zone)
        ), bucket AS (
            SELECT point_id, bucket, starts_at, ends_at, time_zone, min(cause) AS cause
            FROM touched JOIN span USING (hour, holds_s, time_zone)
            GROUP BY point_id, bucket, starts_at, ends_at, time_zone
        ), carried AS (
            INSERT INTO reading_change (hour, points, cause, is_carried)
            SELECT ends_at - interval '1 hour', range_agg(int4range(point_id, point_id + 1)), cause, true
            FROM bucket WHERE ends_at > $6 GROUP BY ends_at, cause
        )
        SELECT point_id, bucket, starts_at, ends_at, (starts_at AT TIME ZONE time_zone)::date, cause
        FROM bucket WHERE ends_at <= $6 ORDER BY point_id, bucket
        """;

    /// <summary>The buckets that changes touch, of those that were over by a time; the others are recorded for later.</summary>
    public static async Task<List<HourBucket>> FindAsync(
        NpgsqlTransaction transaction, List<ReadingChange> changes, DateTime overBy, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction)
        {
            BatchCommands =
            {
                Command(RememberZonesSql),
                Command(
                    TouchedSql,
                    Many(changes, change => change.Hour),
                    Many(changes, change => change.First),
                    Many(changes, change => change.Past),
                    Many(changes, change => change.Cause),
                    Many(changes, change => change.IsCarried),
                    One(overBy)),
            },
        };
        return await ReadAsync(batch, cancellationToken);
    }

    private const string OfDaySql = """
        WITH chosen AS (
            SELECT point_id FROM point JOIN sensor USING (sensor_id) JOIN floor USING (floor_id)
            WHERE building_id = $1 AND point_id > $2 ORDER BY point_id LIMIT $3
        ), hour AS MATERIALIZED (
            SELECT bucket, starts_at, ends_at
            FROM roll_up_building
            CROSS JOIN LATERAL local_day($4, time_zone)
            CROSS JOIN LATERAL local_hours(first_bucket, last_bucket + interval '1 hour', time_zone)
            WHERE building_id = $1 AND (starts_at AT TIME ZONE time_zone)::date = $4 AND ends_at <= $5
        )
        SELECT point_id, bucket, starts_at, ends_at, $4, $6 FROM chosen CROSS JOIN hour ORDER BY point_id, bucket
        """;

    /// <summary>All buckets of a building's day that were over by a time, of some points behind a point.</summary>
    public static async Task<List<HourBucket>> OfDayAsync(
        NpgsqlTransaction transaction,
        Guid buildingId,
        DateOnly day,
        int afterPointId,
        int pointsMax,
        DateTime overBy,
        CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction)
        {
            BatchCommands =
            {
                Command(RememberZonesSql),
                Command(
                    OfDaySql, One(buildingId), One(afterPointId), One((long)pointsMax), One(day), One(overBy), One(RollUpCause.Rebuild)),
            },
        };
        return await ReadAsync(batch, cancellationToken);
    }

    private static async Task<List<HourBucket>> ReadAsync(NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var buckets = new List<HourBucket>();
        while (await reader.ReadAsync(cancellationToken))
        {
            buckets.Add(new HourBucket(
                reader.GetInt32(0),
                reader.GetDateTime(1),
                reader.GetDateTime(2),
                reader.GetDateTime(3),
                reader.GetFieldValue<DateOnly>(4),
                reader.GetString(5)));
        }

        return buckets;
    }
}
