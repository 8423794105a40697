using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.RollUps;

/// <summary>A day of a point that is made again.</summary>
/// <param name="IsRepair">Whether hours of it were repaired, rather than added.</param>
internal readonly record struct ChangedDay(int PointId, DateOnly Day, string Cause, bool IsRepair);

/// <summary>Makes days of the hourly buckets, and stores those that differ.</summary>
internal static class DailyRollUp
{
    // A day's hours begin, in UTC, less than a day before its date, and end less than a day behind it.
    private static readonly TimeSpan DayMargin = TimeSpan.FromDays(1);

    private const string StoreSql = """
        WITH given AS MATERIALIZED (
            SELECT point_id, day, cause, is_repair, interval_s, reporting = 'on_change' AS is_on_change, known.time_zone
            FROM unnest($1, $2, $3, $4) AS given (point_id, day, cause, is_repair)
            JOIN point USING (point_id)
            JOIN sensor USING (sensor_id)
            JOIN floor USING (floor_id)
            JOIN roll_up_building AS known USING (building_id)
        ), calendar AS MATERIALIZED (
            SELECT day, time_zone, first_bucket, last_bucket, length_s
            FROM (SELECT DISTINCT day, time_zone FROM given) AS given CROSS JOIN LATERAL local_day(day, time_zone)
        ), computed AS MATERIALIZED (
            SELECT point_id, day, cause, is_repair, buckets,
                CASE WHEN is_on_change THEN average_by_time ELSE average_by_count END AS average,
                hours.min, hours.max, hours.sum, hours.first, hours.last, hours.weight_s, hours.count, hours.uncounted, length_s,
                length_s::real / interval_s AS expected,
                (CASE worst WHEN 2 THEN 3 WHEN 3 THEN 2 ELSE worst END)::smallint AS worst_quality
            FROM given
            JOIN calendar USING (day, time_zone)
            CROSS JOIN LATERAL (
                SELECT count(*) AS buckets,
                    sum(count)::integer AS count,
                    sum(uncounted)::integer AS uncounted,
                    unscale(sum(sum * 2::double precision ^ -40 ORDER BY bucket)) AS sum,
                    min(min) AS min,
                    max(max) AS max,
                    (array_agg(first ORDER BY bucket) FILTER (WHERE count > 0))[1] AS first,
                    (array_agg(last ORDER BY bucket DESC) FILTER (WHERE count > 0))[1] AS last,
                    sum(weight_s ORDER BY bucket) AS weight_s,
                    unscale(sum(average * 2::double precision ^ -40 * weight_s ORDER BY bucket) / sum(weight_s ORDER BY bucket))
                        AS average_by_time,
                    unscale(sum(average * 2::double precision ^ -40 * count ORDER BY bucket) FILTER (WHERE count > 0) / nullif(sum(count), 0))
                        AS average_by_count,
                    max(CASE worst_quality WHEN 2 THEN 3 WHEN 3 THEN 2 ELSE worst_quality END) AS worst
                FROM reading_hourly AS hourly
                WHERE hourly.point_id = given.point_id AND hourly.day = given.day
                    AND bucket >= first_bucket AND bucket <= last_bucket AND bucket >= $5 AND bucket < $6
            ) AS hours
        ), stored AS (
            INSERT INTO reading_daily (
                computed_at, average, min, max, sum, first, last, weight_s, point_id, day, count, uncounted, length_s, expected,
                worst_quality, revision, reason)
            SELECT $7, new.average, new.min, new.max, new.sum, new.first, new.last, new.weight_s, point_id, day, new.count, new.uncounted,
                new.length_s, new.expected, new.worst_quality, coalesce(old.revision + is_repair::integer, 0),
                CASE WHEN is_repair AND old.revision IS NOT NULL THEN cause ELSE old.reason END
            FROM computed AS new
            LEFT JOIN reading_daily AS old USING (point_id, day)
            WHERE buckets > 0
                AND (new.average, new.min, new.max, new.sum, new.first, new.last, new.weight_s, new.count, new.uncounted, new.length_s,
                    new.worst_quality)
                    IS DISTINCT FROM (old.average, old.min, old.max, old.sum, old.first, old.last, old.weight_s, old.count,
                    old.uncounted, old.length_s, old.worst_quality)
            ON CONFLICT (point_id, day) DO UPDATE SET
                computed_at = excluded.computed_at, average = excluded.average, min = excluded.min, max = excluded.max, sum = excluded.sum,
                first = excluded.first, last = excluded.last, weight_s = excluded.weight_s, count = excluded.count,
                uncounted = excluded.uncounted, length_s = excluded.length_s, expected = excluded.expected,
                worst_quality = excluded.worst_quality, revision = excluded.revision, reason = excluded.reason
            RETURNING 1
        ), removed AS (
            DELETE FROM reading_daily AS daily USING computed
            WHERE daily.point_id = computed.point_id AND daily.day = computed.day AND buckets = 0
            RETURNING 1
        )
        SELECT (SELECT count(*) FROM stored) + (SELECT count(*) FROM removed)
        """;

    /// <summary>Makes the days of their hours, and stores what differs.</summary>
    /// <param name="days">Each day of a point once.</param>
    /// <returns>How many differed.</returns>
    public static async Task<long> StoreAsync(
        NpgsqlTransaction transaction, List<ChangedDay> days, DateTime now, CancellationToken cancellationToken)
    {
        if (days.Count == 0)
            return 0;
        await using var command = new NpgsqlCommand(StoreSql, transaction.Connection, transaction)
        {
            Parameters =
            {
                Many(days, day => day.PointId),
                Many(days, day => day.Day),
                Many(days, day => day.Cause),
                Many(days, day => day.IsRepair),
                // Given as constants, so that the planner leaves all other years out.
                One(Midnight(days.Min(day => day.Day)) - DayMargin),
                One(Midnight(days.Max(day => day.Day)) + 2 * DayMargin),
                One(now),
            },
        };
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static DateTime Midnight(DateOnly day) => day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
}
