using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.RollUps;

/// <summary>A building whose time zone is another than its roll-ups were made by.</summary>
/// <param name="Hours">How many hours are rolled up again.</param>
internal readonly record struct TimeZoneChange(Guid BuildingId, string TimeZone, long Hours);

/// <summary>Sees to it that a building whose time zone was changed is rolled up again, by the new one.</summary>
internal static class TimeZoneChanges
{
    // From here on new hours are rolled up by the new zone; those that were rolled up by the old one are recorded like changes, and so
    // are made again in the same bounded steps. The points are chosen first: otherwise the planner may look for the hours of all points
    // each time, to find that no zone has changed.
    private const string AdoptSql = """
        WITH changed AS (
            UPDATE roll_up_building AS known SET time_zone = usable_time_zone(building.time_zone)
            FROM building
            WHERE building.building_id = known.building_id AND known.time_zone <> usable_time_zone(building.time_zone)
            RETURNING known.building_id, known.time_zone
        ), affected AS MATERIALIZED (
            SELECT building_id, point_id
            FROM changed JOIN floor USING (building_id) JOIN sensor USING (floor_id) JOIN point USING (sensor_id)
        ), rolled_up AS (
            SELECT building_id, range_agg(int4range(point_id, point_id + 1)) AS points, min(oldest) AS oldest, max(newest) AS newest
            FROM affected
            CROSS JOIN LATERAL (
                SELECT min(bucket) AS oldest, max(bucket) AS newest FROM reading_hourly WHERE reading_hourly.point_id = affected.point_id
            ) AS hourly
            WHERE oldest IS NOT NULL
            GROUP BY building_id
        ), recorded AS (
            INSERT INTO reading_change (hour, points, cause, is_carried)
            SELECT hour, points, 'time zone', true
            FROM rolled_up
            CROSS JOIN LATERAL generate_series(date_trunc('hour', oldest, 'UTC'), newest + interval '1 hour', interval '1 hour') AS hour
        )
        SELECT building_id, time_zone, coalesce(ceil(extract(epoch FROM newest - oldest) / 3600)::bigint + 1, 0)
        FROM changed LEFT JOIN rolled_up USING (building_id)
        """;

    // Buckets that are no clock hours of the zone, where all of their readings are still there to make others of. Most are, and begin with
    // their own beginning.
    private const string RemoveForeignSql = """
        DELETE FROM reading_hourly AS hourly
        USING (
            SELECT point_id, min(bucket) AS first, max(bucket) AS last, known.time_zone
            FROM unnest($1, $2) AS given (point_id, bucket)
            JOIN point USING (point_id)
            JOIN sensor USING (sensor_id)
            JOIN floor USING (floor_id)
            JOIN roll_up_building AS known USING (building_id)
            GROUP BY point_id, known.time_zone
        ) AS given
        WHERE hourly.point_id = given.point_id
            AND bucket > given.first - interval '1 hour' AND bucket < given.last + interval '1 hour' AND bucket >= $3 AND bucket < $4
            AND date_trunc('hour', bucket, time_zone) <> bucket
            AND NOT EXISTS (
                SELECT FROM local_hours(hourly.bucket, hourly.bucket + interval '1 hour', time_zone) AS own
                WHERE own.bucket = hourly.bucket)
            AND hourly.count + hourly.uncounted <= (
                SELECT count(*) FROM reading
                WHERE reading.point_id = hourly.point_id AND time >= hourly.bucket AND time < hourly.bucket + interval '1 hour'
                    AND time >= $3 AND time < $4)
        RETURNING hourly.point_id, hourly.day
        """;

    /// <summary>Takes over changed zones, and records the hours that have to be rolled up again.</summary>
    public static async Task<List<TimeZoneChange>> AdoptAsync(NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(AdoptSql, transaction.Connection, transaction);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var changes = new List<TimeZoneChange>();
        while (await reader.ReadAsync(cancellationToken))
            changes.Add(new TimeZoneChange(reader.GetGuid(0), reader.GetString(1), reader.GetInt64(2)));
        return changes;
    }

    /// <summary>Removes what an earlier zone has left beside these buckets.</summary>
    /// <returns>The days that the removed ones were parts of.</returns>
    public static async Task<List<(int PointId, DateOnly Day)>> RemoveForeignAsync(
        NpgsqlTransaction transaction, List<HourBucket> buckets, CancellationToken cancellationToken)
    {
        var removed = new List<(int, DateOnly)>();
        await using var command = new NpgsqlCommand(RemoveForeignSql, transaction.Connection, transaction)
        {
            Parameters =
            {
                Many(buckets, bucket => bucket.PointId),
                Many(buckets, bucket => bucket.Bucket),
                One(buckets.Min(bucket => bucket.Bucket).AddHours(-1)),
                One(buckets.Max(bucket => bucket.Bucket).AddHours(2)),
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            removed.Add((reader.GetInt32(0), reader.GetFieldValue<DateOnly>(1)));
        return removed;
    }
}
