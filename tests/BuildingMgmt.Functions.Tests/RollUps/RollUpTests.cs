using System.Globalization;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Functions.RollUps;
using BuildingMgmt.Functions.RollUps.Rebuild;
using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.RollUps;

public sealed class RollUpTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private const string Zone = "Europe/Amsterdam";

    private TestDatabase database = null!;
    private IngestApp app = null!;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        app = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString);
        await CatalogueImport.ImportAsync(app.Postgres, RollUpBuilding.In(Zone), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Nothing_is_rolled_up_of_an_empty_database()
    {
        await using var empty = await postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        await using var other = await IngestApp.StartAsync(empty.ConnectionString, azurite.ConnectionString);
        Assert.Equal(default, await other.Get<RollUpRun>().RunAsync(TestContext.Current.CancellationToken));
        Assert.Empty(other.Log.Of(LogEvents.RolledUp));
    }

    [Fact]
    public async Task Hour_is_rolled_up_when_it_is_over_by_its_grace()
    {
        await StoreAsync("minutely", ("11:15:00", 1, "good"), ("11:45:00", 3, "uncertain"));
        app.Time.SetUtcNow(new DateTimeOffset(2026, 3, 10, 12, 0, 59, TimeSpan.Zero));
        await app.RollUpAsync();
        Assert.Equal("", await HoursAsync());
        app.Time.Advance(TimeSpan.FromSeconds(1));
        await app.RollUpAsync();
        Assert.Equal("minutely 11 avg 2 sum 4 of 2 first 1 last 3 worst 1 revision 0", await HoursAsync());
        Assert.Equal("minutely 2026-03-10 avg 2 sum 4 of 2 first 1 last 3 worst 1 revision 0", await DaysAsync());
        Assert.Contains("1", Assert.Single(app.Log.Of(LogEvents.RolledUp)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Late_reading_and_correction_repair_hour_and_day_and_say_so()
    {
        await StoreAsync("minutely", ("10:15:00", 1, "good"), ("11:15:00", 5, "good"));
        await RollUpAtAsync(13);
        await StoreAsync("minutely", ("10:10:00", 3, "good"));
        await app.RollUpAsync();
        Assert.Equal(
            "minutely 10 avg 2 sum 4 of 2 first 3 last 1 worst 0 revision 1 late, minutely 11 avg 5 sum 5 of 1 first 5 last 5 worst 0 revision 0",
            await HoursAsync());
        Assert.Equal("minutely 2026-03-10 avg 3 sum 9 of 3 first 3 last 5 worst 0 revision 1 late", await DaysAsync());

        await app.StoreAsync(Batch.Correcting(RollUpBuilding.Reading(Zone, "minutely", "10:15:00", 9, "uncertain")));
        await app.RollUpAsync();
        Assert.Equal(
            "minutely 10 avg 6 sum 12 of 2 first 3 last 9 worst 1 revision 2 correction, minutely 11 avg 5 sum 5 of 1 first 5 last 5 worst 0 revision 0",
            await HoursAsync());
        Assert.Equal("minutely 2026-03-10 avg 5.667 sum 17 of 3 first 3 last 5 worst 1 revision 2 correction", await DaysAsync());
    }

    [Fact]
    public async Task Suspect_and_bad_readings_are_told_and_not_counted()
    {
        await StoreAsync("minutely", ("10:10:00", 101, "good"), ("10:20:00", 2, "bad"), ("11:10:00", 3, "good"), ("11:20:00", 101, "good"));
        await RollUpAtAsync(13);
        Assert.Equal(
            "minutely 10 avg - sum - of 0 first - last - worst 2 revision 0, minutely 11 avg 3 sum 3 of 1 first 3 last 3 worst 3 revision 0",
            await HoursAsync());
        Assert.Equal("2, 1", await app.QueryAsync("SELECT uncounted FROM reading_hourly ORDER BY bucket"));
    }

    [Fact]
    public async Task Value_that_is_reported_on_change_holds_into_later_hours_and_over_midnight()
    {
        // 7.5 hours: of the day that begins at 23:00 UTC it holds until 02:00.
        await StoreAsync("hours", ("2026-03-09T18:30:00Z", 40, "good"), ("2026-03-09T18:45:00Z", 60, "good"));
        await RollUpAtAsync(12);
        Assert.Equal(
            "18 50.000 of 2 known 1800, 19 60.000 of 0 known 3600, 20 60.000 of 0 known 3600, 21 60.000 of 0 known 3600, "
            + "22 60.000 of 0 known 3600, 23 60.000 of 0 known 3600, 00 60.000 of 0 known 3600, 01 60.000 of 0 known 3600, 02 60.000 of 0 known 900",
            await app.QueryAsync("""
                SELECT to_char(bucket AT TIME ZONE 'UTC', 'HH24'), round(average::numeric, 3) || ' of ' || count || ' known ' || weight_s
                FROM reading_hourly ORDER BY bucket
                """));
        Assert.Equal(
            "2026-03-09 58.889 of 2 known 16200 coverage 0.188, 2026-03-10 60.000 of 0 known 11700 coverage 0.135",
            await app.QueryAsync("""
                SELECT bucket::text, round(avg::numeric, 3) || ' of ' || r.count || ' known ' || d.weight_s || ' coverage ' || round(coverage::numeric, 3)
                FROM readings_daily r JOIN reading_daily d ON d.day = r.bucket ORDER BY bucket
                """));

        // What ended the holding of the first value is taken back, and nothing holds until 02:15.
        await app.StoreAsync(Batch.Correcting(RollUpBuilding.Reading(Zone, "hours", "2026-03-09T18:45:00Z", 60, "bad")));
        await app.RollUpAsync();
        await app.AssertRolledUpAsync();
        Assert.Equal("18 40 1, 01 40 0", await app.QueryAsync("""
            SELECT to_char(bucket AT TIME ZONE 'UTC', 'HH24'), average, count FROM reading_hourly
            WHERE bucket IN ('2026-03-09T18:00Z', '2026-03-10T01:00Z', '2026-03-10T02:00Z') ORDER BY bucket
            """));
    }

    [Theory]
    [InlineData("Europe/Amsterdam")]
    [InlineData("Asia/Kathmandu")]
    public async Task What_comes_in_time_is_computed_once(string zone)
    {
        await CatalogueImport.ImportAsync(app.Postgres, RollUpBuilding.In(zone), CancellationToken.None);
        for (var minute = 0; minute < 600; minute++)
        {
            var time = app.Time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
            if (minute % 7 == 0)
                await app.StoreAsync(Batch.Of(RollUpBuilding.Reading(zone, "minutely", time, minute % 50), RollUpBuilding.Reading(zone, "hours", time, minute % 50)));
            app.Time.Advance(TimeSpan.FromMinutes(1));
            if (minute % 3 == 0)
                await app.Get<RollUpRun>().RunAsync(CancellationToken.None);
        }

        await app.RollUpAsync();
        await app.AssertRolledUpAsync();
        Assert.Equal("0 0", await app.QueryAsync("SELECT (SELECT max(revision) FROM reading_hourly), (SELECT max(revision) FROM reading_daily)"));
    }

    [Fact]
    public async Task Sums_that_no_number_can_hold_are_the_largest_one_and_keep_nothing_from_being_rolled_up()
    {
        await StoreAsync("minutely", ("10:10:00", double.MinValue, "good"), ("10:20:00", double.MinValue, "good"), ("11:10:00", 3, "good"));
        await StoreAsync("short", ("10:10:00", double.MinValue, "good"), ("10:20:00", double.MinValue, "good"));
        await RollUpAtAsync(13);
        Assert.Equal(
            "-1.7976931348623157e+308 -1.7976931348623157e+308, 3 3, -1.7976931348623157e+308 -1.7976931348623157e+308",
            await app.QueryAsync("SELECT average::text, sum::text FROM reading_hourly ORDER BY point_id, bucket"));
        Assert.Equal("2", await app.QueryAsync("SELECT count(*) FROM reading_daily"));
    }

    [Fact]
    public async Task Record_of_what_changed_holds_ranges_of_points_for_each_hour_and_nothing_of_duplicates()
    {
        var first = await app.QueryAsync($"SELECT min(point_id) FROM point JOIN sensor USING (sensor_id) WHERE sensor_id = '{TestBuilding.Sensor(0, 0)}'");
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:59:00", 1), Batch.Co2(2, "11:58:00", 2), Batch.Co2(1, "12:01:00", 3)));
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:59:00", 4)));
        await app.StoreAsync(Batch.Correcting(Batch.Co2(0, "11:59:00", 1), Batch.Co2(2, "11:58:00", 5)));
        var points = int.Parse(first, CultureInfo.InvariantCulture);
        Assert.Equal(
            $"11 {{[{points + 1},{points + 8})}} late, 12 {{[{points + 4},{points + 5})}} late, 11 {{[{points + 7},{points + 8})}} correction",
            await app.QueryAsync("SELECT to_char(hour AT TIME ZONE 'UTC', 'HH24'), points::text, cause FROM reading_change ORDER BY change_id"));
    }

    [Fact]
    public async Task Records_of_an_hour_that_is_not_over_are_put_together()
    {
        for (var minute = 1; minute < 5; minute++)
            await app.StoreAsync(Batch.Of(Batch.Co2(0, $"12:0{minute}:00", minute), Batch.Co2(4, $"12:0{minute}:30", minute, floor: 1)));
        await app.RollUpAsync();
        Assert.Equal("1 2", await app.QueryAsync("SELECT count(*), (SELECT count(*) FROM reading_change, unnest(points)) FROM reading_change"));
        app.Time.Advance(TimeSpan.FromHours(2));
        await app.RollUpAsync();
        await app.AssertRolledUpAsync();
        Assert.Equal("8", await app.QueryAsync("SELECT sum(count) FROM reading_hourly"));
    }

    [Fact]
    public async Task Changed_time_zone_makes_hours_and_days_anew()
    {
        for (var hour = 0; hour < 60; hour++)
        {
            var time = TestBuilding.Now.AddHours(-hour).AddMinutes(-hour).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
            await StoreAsync("minutely", (time, hour, "good"));
            await StoreAsync("hours", (time, hour, "good"));
        }

        await RollUpAtAsync(13);
        await app.AssertRolledUpAsync();
        foreach (var zone in new[] { "Asia/Kathmandu", "America/St_Johns", "Asia/Tokyo", Zone })
        {
            await app.QueryAsync($"UPDATE building SET time_zone = '{zone}' WHERE name = '{Zone}'; SELECT 1");
            await app.RollUpAsync();
            Assert.Equal("0", await app.QueryAsync("SELECT count(*) FROM reading_change WHERE NOT is_carried"));
            await app.AssertRolledUpAsync();
        }

        Assert.Contains("time zone", await app.QueryAsync("SELECT DISTINCT reason FROM reading_hourly"), StringComparison.Ordinal);
        Assert.Equal(4, app.Log.Of(LogEvents.RollUpZoneChanged).Count);
        await app.AssertRebuildFindsNothingAsync(RollUpBuilding.In(Zone).BuildingId, new DateOnly(2026, 3, 6), new DateOnly(2026, 3, 11));
    }

    [Fact]
    public async Task Roll_ups_of_readings_that_are_gone_stay()
    {
        await StoreAsync("minutely", ("2026-02-10T10:15:00Z", 1, "good"), ("2026-02-10T10:20:00Z", 2, "good"), ("11:15:00", 5, "good"));
        await RollUpAtAsync(13);
        var before = await HoursAsync();
        await app.QueryAsync("DROP TABLE reading_2026_02; SELECT 1");
        // A late reading of the month makes it anew, without the others.
        app.Get<ReadingMonths>().Forget();
        await StoreAsync("minutely", ("2026-02-10T10:25:00Z", 9, "good"));
        await app.RollUpAsync();
        await app.Get<RollUpRebuild>().RebuildDayAsync(RollUpBuilding.In(Zone).BuildingId, new DateOnly(2026, 2, 10), CancellationToken.None);
        await app.QueryAsync($"UPDATE building SET time_zone = 'Asia/Kathmandu' WHERE name = '{Zone}'; SELECT 1");
        await app.RollUpAsync();
        Assert.Contains("minutely 10 avg 1.5 sum 3 of 2", await HoursAsync(), StringComparison.Ordinal);
        Assert.Contains("minutely 10 avg 1.5 sum 3 of 2", before, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rebuild_mends_what_was_stored_wrongly_and_counts_it()
    {
        await StoreAsync("minutely", ("09:15:00", 1, "good"), ("10:15:00", 2, "good"), ("11:15:00", 3, "good"));
        await RollUpAtAsync(13);
        await app.QueryAsync("""
            UPDATE reading_hourly SET sum = 7 WHERE bucket = '2026-03-10T09:00Z';
            DELETE FROM reading_hourly WHERE bucket = '2026-03-10T10:00Z';
            UPDATE reading_daily SET max = 8;
            SELECT 1
            """);
        var building = RollUpBuilding.In(Zone).BuildingId;
        var result = await app.Get<RollUpRebuild>().RebuildDayAsync(building, new DateOnly(2026, 3, 10), CancellationToken.None);
        Assert.Equal(3, result.Differences);
        await app.AssertRolledUpAsync();
        Assert.Equal("1 rebuild, 0 , 0 ", await app.QueryAsync("SELECT revision, reason FROM reading_hourly ORDER BY bucket"));
        await app.AssertRebuildFindsNothingAsync(building, new DateOnly(2026, 3, 10), new DateOnly(2026, 3, 10));
    }

    [Fact]
    public async Task Rebuild_leaves_the_hour_that_is_not_over_alone()
    {
        await StoreAsync("minutely", ("11:15:00", 1, "good"), ("12:01:00", 2, "good"));
        app.Time.Advance(TimeSpan.FromMinutes(5));
        await app.Get<RollUpRebuild>().RebuildDayAsync(RollUpBuilding.In(Zone).BuildingId, new DateOnly(2026, 3, 10), CancellationToken.None);
        Assert.Equal("minutely 11 avg 1 sum 1 of 1 first 1 last 1 worst 0 revision 0", await HoursAsync());
    }

    [Fact]
    public async Task Only_months_in_which_something_changed_are_read()
    {
        await RollUpElsewhereAsync("2025-12-10T10:15:00Z", "2026-01-10T10:15:00Z");
        var before = await ScansAsync();
        await RollUpElsewhereAsync("2026-01-10T10:20:00Z");
        var after = await ScansAsync();
        Assert.Equal(before["reading_2025_12"], after["reading_2025_12"]);
        Assert.Equal(before["reading_hourly_2025"], after["reading_hourly_2025"]);
        Assert.NotEqual(before["reading_2026_01"], after["reading_2026_01"]);
        Assert.NotEqual(before["reading_hourly_2026"], after["reading_hourly_2026"]);
        app.Time.Advance(TimeSpan.FromHours(1));
        await app.AssertRolledUpAsync();
    }

    [Fact]
    public async Task Time_zone_that_does_not_exist_is_refused_by_name()
    {
        var wrong = RollUpBuilding.In(Zone) with { TimeZone = "Europe/Atlantis" };
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => CatalogueImport.ImportAsync(app.Postgres, wrong, CancellationToken.None));
        Assert.Contains("Europe/Atlantis", exception.Message, StringComparison.Ordinal);
    }

    // By an app whose sessions end: until then they do not tell all that they have read.
    private async Task RollUpElsewhereAsync(params string[] times)
    {
        await using (var other = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString))
        {
            other.Time.Advance(TimeSpan.FromHours(1));
            await other.StoreAsync(app.Events(Batch.Of([.. times.Select(time => RollUpBuilding.Reading(Zone, "minutely", time, 1))])));
            await other.RollUpAsync();
        }

        await Eventually.TrueAsync(
            async () => await app.QueryAsync("""
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'building-mgmt%'
                """) == "0",
            TimeSpan.FromSeconds(20),
            "its sessions have ended",
            TestContext.Current.CancellationToken);
    }

    private async Task<Dictionary<string, string>> ScansAsync()
    {
        var rows = await app.QueryAsync("SELECT relname, coalesce(seq_scan, 0) || '+' || coalesce(idx_scan, 0) FROM pg_stat_user_tables");
        return rows.Split(", ").Select(row => row.Split(' ')).ToDictionary(row => row[0], row => row[1]);
    }

    private async Task RollUpAtAsync(int hour)
    {
        app.Time.SetUtcNow(new DateTimeOffset(2026, 3, 10, hour, 2, 0, TimeSpan.Zero));
        await app.RollUpAsync();
    }

    private Task StoreAsync(string metric, params (string Time, double Value, string Quality)[] readings) =>
        app.StoreAsync(Batch.Of([.. readings.Select(reading => RollUpBuilding.Reading(Zone, metric, reading.Time, reading.Value, reading.Quality))]));

    private Task<string> HoursAsync() => RowsAsync("reading_hourly", "to_char(bucket AT TIME ZONE 'UTC', 'HH24')", "bucket");

    private Task<string> DaysAsync() => RowsAsync("reading_daily", "day::text", "day");

    private Task<string> RowsAsync(string table, string bucket, string order) => app.QueryAsync($"""
        SELECT metric || ' ' || {bucket} || ' avg ' || coalesce(trim_scale(round(average::numeric, 3))::text, '-') || ' sum ' || coalesce(sum::text, '-')
            || ' of ' || count || ' first ' || coalesce(first::text, '-') || ' last ' || coalesce(last::text, '-') || ' worst ' || worst_quality
            || ' revision ' || revision || coalesce(' ' || reason, '')
        FROM {table} JOIN point USING (point_id) ORDER BY metric, {order}
        """);
}
