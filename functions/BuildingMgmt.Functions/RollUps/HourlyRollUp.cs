using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.RollUps;

/// <summary>A bucket that is another than it was stored, or was not stored.</summary>
/// <param name="IsRepair">Whether it had been stored.</param>
internal readonly record struct ChangedHour(int PointId, DateOnly Day, string Cause, bool IsRepair);

/// <summary>Computes hourly buckets from readings, and stores those that differ.</summary>
internal static class HourlyRollUp
{
    // No value holds longer: see point.reporting.
    private static readonly TimeSpan HoldsMax = TimeSpan.FromDays(1);

    private const string PartitionsSql = "SELECT create_reading_hourly_partition(bucket) FROM unnest($1) AS bucket";

    // A bucket never has fewer readings than it had: readings are not deleted but with their whole month, and then what was made of
    // them stays. Each bucket's readings are one piece of the primary key, in the order of time, so that sums are the same each time.
    private const string StoreSql = """
        WITH given AS MATERIALIZED (
            SELECT point_id, bucket, starts_at, ends_at, day, cause, interval_s, reporting = 'on_change' AS is_on_change,
                least(3::bigint * interval_s, 86400) * interval '1 second' AS holds,
                extract(epoch FROM ends_at - starts_at)::integer AS length_s
            FROM unnest($1, $2, $3, $4, $5, $6) AS given (point_id, bucket, starts_at, ends_at, day, cause)
            JOIN point USING (point_id)
        ), computed AS MATERIALIZED (
            SELECT point_id, bucket, day, cause, readings,
                unscale(CASE WHEN is_on_change THEN by_time.average ELSE own.sum / nullif(own.count, 0) END) AS average,
                own.min, own.max, unscale(own.sum) AS sum, in_order[1] AS first, in_order[own.count] AS last, by_time.weight_s, own.count,
                readings - own.count AS uncounted, given.length_s, given.length_s::real / interval_s AS expected,
                (CASE worst WHEN 2 THEN 3 WHEN 3 THEN 2 ELSE worst END)::smallint AS worst_quality
            FROM given
            CROSS JOIN LATERAL (
                SELECT count(*)::integer AS readings,
                    (count(*) FILTER (WHERE quality < 2))::integer AS count,
                    sum(value * 2::double precision ^ -40 ORDER BY time) FILTER (WHERE quality < 2) AS sum,
                    min(value) FILTER (WHERE quality < 2) AS min,
                    max(value) FILTER (WHERE quality < 2) AS max,
                    array_agg(value ORDER BY time) FILTER (WHERE quality < 2) AS in_order,
                    max(CASE quality WHEN 2 THEN 3 WHEN 3 THEN 2 ELSE quality END) AS worst
                FROM reading
                WHERE reading.point_id = given.point_id AND time >= starts_at AND time < ends_at AND time >= $7 AND time < $8
            ) AS own
            CROSS JOIN LATERAL (
                SELECT sum(value * held ORDER BY time) / nullif(sum(held ORDER BY time), 0) AS average,
                    nullif(sum(held ORDER BY time), 0) / 1e6::double precision AS weight_s
                FROM (
                    SELECT time, value * 2::double precision ^ -40 AS value,
                        (extract(epoch FROM least(lead(time) OVER (ORDER BY time), time + holds, ends_at) - greatest(time, starts_at)) * 1e6)
                            ::double precision AS held
                    FROM (
                        (
                            SELECT time, value FROM reading
                            WHERE is_on_change AND reading.point_id = given.point_id AND quality < 2
                                AND time > starts_at - holds AND time < starts_at AND time >= $7 AND time < $8
                            ORDER BY time DESC LIMIT 1
                        )
                        UNION ALL
                        SELECT time, value FROM reading
                        WHERE is_on_change AND reading.point_id = given.point_id AND quality < 2
                            AND time >= starts_at AND time < ends_at AND time >= $7 AND time < $8
                    ) AS counted
                ) AS holding
            ) AS by_time
        ), stored AS (
            INSERT INTO reading_hourly (
                bucket, computed_at, average, min, max, sum, first, last, weight_s, point_id, count, uncounted, length_s, expected, day,
                worst_quality, revision, reason)
            SELECT bucket, $9, new.average, new.min, new.max, new.sum, new.first, new.last, new.weight_s, point_id, new.count,
                new.uncounted, new.length_s, new.expected, new.day, new.worst_quality, coalesce(old.revision + 1, 0),
                CASE WHEN old.revision IS NOT NULL THEN cause END
            FROM computed AS new
            LEFT JOIN reading_hourly AS old USING (point_id, bucket)
            WHERE (readings > 0 OR new.weight_s > 0)
                AND coalesce(old.count + old.uncounted, 0) <= readings
                AND (new.average, new.min, new.max, new.sum, new.first, new.last, new.weight_s, new.count, new.uncounted, new.length_s,
                    new.day, new.worst_quality)
                    IS DISTINCT FROM (old.average, old.min, old.max, old.sum, old.first, old.last, old.weight_s, old.count,
                    old.uncounted, old.length_s, old.day, old.worst_quality)
            ON CONFLICT (point_id, bucket) DO UPDATE SET
                computed_at = excluded.computed_at, average = excluded.average, min = excluded.min, max = excluded.max, sum = excluded.sum,
                first = excluded.first, last = excluded.last, weight_s = excluded.weight_s, count = excluded.count,
                uncounted = excluded.uncounted, length_s = excluded.length_s, expected = excluded.expected, day = excluded.day,
                worst_quality = excluded.worst_quality, revision = excluded.revision, reason = excluded.reason
            RETURNING point_id, bucket, revision > 0 AS is_repair
        ), removed AS (
            DELETE FROM reading_hourly AS hourly USING computed
            WHERE hourly.point_id = computed.point_id AND hourly.bucket = computed.bucket
                AND readings = 0 AND computed.weight_s IS NULL AND hourly.count + hourly.uncounted = 0
            RETURNING hourly.point_id, hourly.day, cause
        )
        SELECT point_id, day, cause, is_repair FROM stored JOIN computed USING (point_id, bucket)
        UNION ALL
        SELECT point_id, day, cause, true FROM removed
        """;

    /// <summary>Stores what differs, with the time of doing so and, where it was stored before, the cause.</summary>
    public static async Task<List<ChangedHour>> StoreAsync(
        NpgsqlTransaction transaction, List<HourBucket> buckets, DateTime now, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction)
        {
            BatchCommands =
            {
                Command(PartitionsSql, Many(buckets.DistinctBy(bucket => bucket.Bucket.Year), bucket => bucket.Bucket)),
                Command(
                    StoreSql,
                    Many(buckets, bucket => bucket.PointId),
                    Many(buckets, bucket => bucket.Bucket),
                    Many(buckets, bucket => bucket.StartsAt),
                    Many(buckets, bucket => bucket.EndsAt),
                    Many(buckets, bucket => bucket.Day),
                    Many(buckets, bucket => bucket.Cause),
                    // Given as constants, so that the planner leaves all other months out.
                    One(buckets.Min(bucket => bucket.StartsAt) - HoldsMax),
                    One(buckets.Max(bucket => bucket.EndsAt)),
                    One(now)),
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var changed = new List<ChangedHour>();
        while (await reader.ReadAsync(cancellationToken))
            changed.Add(new ChangedHour(reader.GetInt32(0), reader.GetFieldValue<DateOnly>(1), reader.GetString(2), reader.GetBoolean(3)));
        return changed;
    }
}
