using BuildingMgmt.Functions.RollUps;
using BuildingMgmt.Functions.RollUps.Rebuild;
using BuildingMgmt.Functions.Tests.Ingest;

namespace BuildingMgmt.Functions.Tests.RollUps;

/// <summary>What an app's roll-ups are, and what they should be.</summary>
internal static class RollUpTables
{
    /// <summary>Runs until nothing is left that is over.</summary>
    public static async Task RollUpAsync(this IngestApp app)
    {
        var run = app.Get<RollUpRun>();
        while ((await run.RunAsync(CancellationToken.None)).Buckets > 0)
        {
        }
    }

    public static async Task AssertRebuildFindsNothingAsync(this IngestApp app, Guid buildingId, DateOnly first, DateOnly last)
    {
        var compared = 0L;
        for (var day = first; day <= last; day = day.AddDays(1))
        {
            var result = await app.Get<RollUpRebuild>().RebuildDayAsync(buildingId, day, CancellationToken.None);
            Assert.Equal(0, result.Differences);
            compared += result.BucketsCompared;
        }

        Assert.NotEqual(0, compared);
    }

    /// <summary>Whether all buckets are what the readings say, of those that were over when the clock stood as it does.</summary>
    public static async Task AssertRolledUpAsync(this IngestApp app, int graceSeconds = 60)
    {
        var overBy = app.Time.GetUtcNow().UtcDateTime.AddSeconds(-graceSeconds);
        var points = await PointsAsync(app);
        AssertEqual(
            [.. points.SelectMany(point => RollUpModel.Hours(point, overBy)).OrderBy(bucket => (bucket.PointId, bucket.Bucket))],
            await StoredAsync(app, "reading_hourly", """to_char(bucket AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')"""));
        AssertEqual(
            [.. points.SelectMany(point => RollUpModel.Days(point, overBy)).OrderBy(bucket => (bucket.PointId, bucket.Bucket))],
            await StoredAsync(app, "reading_daily", "day::text"));
    }

    private static void AssertEqual(List<ModelBucket> expected, List<ModelBucket> actual)
    {
        Assert.Equal(expected.Select(Described), actual.Select(Described));
        foreach (var (should, stored) in expected.Zip(actual))
        {
            Assert.True(
                should.Values.Zip(stored.Values).All(pair => IsNear(pair.First, pair.Second)),
                $"It should be {should}, and is {stored}.");
        }
    }

    private static string Described(ModelBucket bucket) =>
        $"{bucket.PointId} {bucket.Bucket} of {bucket.Day}: {bucket.Count}+{bucket.Uncounted} in {bucket.LengthSeconds} s, {bucket.WorstQuality}";

    private static bool IsNear(double? left, double? right) =>
        left == right || (left is { } one && right is { } other && Math.Abs(one - other) <= 1e-9 * Math.Max(1, Math.Abs(one)));

    private static async Task<List<ModelPoint>> PointsAsync(IngestApp app)
    {
        await using var command = app.Postgres.CreateCommand("""
            SELECT point_id, time_zone, interval_s, reporting = 'on_change',
                coalesce((SELECT array_agg(time ORDER BY time) FROM reading r WHERE r.point_id = p.point_id), '{}'),
                coalesce((SELECT array_agg(value ORDER BY time) FROM reading r WHERE r.point_id = p.point_id), '{}'),
                coalesce((SELECT array_agg(quality ORDER BY time) FROM reading r WHERE r.point_id = p.point_id), '{}')
            FROM point p JOIN sensor USING (sensor_id) JOIN floor USING (floor_id) JOIN building USING (building_id)
            """);
        await using var reader = await command.ExecuteReaderAsync();
        var points = new List<ModelPoint>();
        while (await reader.ReadAsync())
        {
            var readings = reader.GetFieldValue<DateTime[]>(4)
                .Zip(reader.GetFieldValue<double[]>(5), reader.GetFieldValue<short[]>(6))
                .Select(row => new ModelReading(row.First, row.Second, row.Third));
            points.Add(new ModelPoint(reader.GetInt32(0), reader.GetString(1), reader.GetInt32(2), reader.GetBoolean(3), [.. readings]));
        }

        return points;
    }

    private static async Task<List<ModelBucket>> StoredAsync(IngestApp app, string table, string bucket)
    {
        await using var command = app.Postgres.CreateCommand($"""
            SELECT point_id, {bucket}, day::text, count, uncounted, length_s, worst_quality, average, min, max, sum, first, last, weight_s
            FROM {table} ORDER BY point_id, 2
            """);
        await using var reader = await command.ExecuteReaderAsync();
        var buckets = new List<ModelBucket>();
        while (await reader.ReadAsync())
        {
            buckets.Add(new ModelBucket(
                reader.GetInt32(0),
                reader.GetString(1),
                reader.GetString(2),
                reader.GetInt32(3),
                reader.GetInt32(4),
                reader.GetInt32(5),
                await reader.GetFieldValueAsync<short?>(6),
                await reader.GetFieldValueAsync<double?>(7),
                await reader.GetFieldValueAsync<double?>(8),
                await reader.GetFieldValueAsync<double?>(9),
                await reader.GetFieldValueAsync<double?>(10),
                await reader.GetFieldValueAsync<double?>(11),
                await reader.GetFieldValueAsync<double?>(12),
                await reader.GetFieldValueAsync<double?>(13)));
        }

        return buckets;
    }
}
