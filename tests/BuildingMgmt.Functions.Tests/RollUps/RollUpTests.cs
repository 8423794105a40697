using System.Globalization;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.RollUps;
using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.RollUps;

public sealed class RollUpTests(PostgresFixture postgres, AzuriteFixture azurite) : AmsterdamTests(postgres, azurite)
{
    [Fact]
    public async Task Nothing_is_rolled_up_of_an_empty_database()
    {
        await using var empty = await Server.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        await using var other = await StartAsync(empty);
        Assert.Equal(default, await other.Get<RollUpRun>().RunAsync(TestContext.Current.CancellationToken));
        Assert.Empty(other.Log.Of(LogEvents.RolledUp));
    }

    [Fact]
    public async Task Hour_is_rolled_up_when_it_is_over_by_its_grace()
    {
        await StoreAsync("minutely", ("11:15:00", 1, "good"), ("11:45:00", 3, "uncertain"));
        App.Time.SetUtcNow(new DateTimeOffset(2026, 3, 10, 12, 0, 59, TimeSpan.Zero));
        await App.RollUpAsync();
        Assert.Equal("", await HoursAsync());
        App.Time.Advance(TimeSpan.FromSeconds(1));
        await App.RollUpAsync();
        Assert.Equal("minutely 11 avg 2 sum 4 of 2 first 1 last 3 worst 1 revision 0", await HoursAsync());
        Assert.Equal("minutely 2026-03-10 avg 2 sum 4 of 2 first 1 last 3 worst 1 revision 0", await DaysAsync());
        Assert.Contains("1", Assert.Single(App.Log.Of(LogEvents.RolledUp)).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hour_that_begins_at_the_half_is_rolled_up_when_it_is_over_though_all_its_readings_are_of_its_second_part()
    {
        const string HalfZone = "Asia/Kolkata";
        await CatalogueImport.ImportAsync(App.Postgres, RollUpBuilding.In(HalfZone), TestContext.Current.CancellationToken);
        App.Time.SetUtcNow(new DateTimeOffset(2026, 3, 10, 12, 30, 59, TimeSpan.Zero));
        await App.StoreAsync(RollUpBuilding.Of(HalfZone, RollUpBuilding.Reading(HalfZone, "rare", "12:10:00", 4)));
        await App.RollUpAsync();
        Assert.Equal("", await HoursAsync());
        App.Time.Advance(TimeSpan.FromSeconds(1));
        await App.RollUpAsync();
        Assert.Equal("11:30 of 1", await App.QueryAsync("""
            SELECT to_char(bucket AT TIME ZONE 'UTC', 'HH24:MI') || ' of ' || count FROM reading_hourly
            """));
    }

    [Fact]
    public async Task Late_reading_and_correction_repair_hour_and_day_and_say_so()
    {
        await StoreAsync("minutely", ("10:15:00", 1, "good"), ("11:15:00", 5, "good"));
        await RollUpAtAsync(13);
        await StoreAsync("minutely", ("10:10:00", 3, "good"));
        await App.RollUpAsync();
        Assert.Equal(
            "minutely 10 avg 2 sum 4 of 2 first 3 last 1 worst 0 revision 1 late, minutely 11 avg 5 sum 5 of 1 first 5 last 5 worst 0 revision 0",
            await HoursAsync());
        Assert.Equal("minutely 2026-03-10 avg 3 sum 9 of 3 first 3 last 5 worst 0 revision 1 late", await DaysAsync());

        await App.StoreAsync(RollUpBuilding.Correcting(Zone, RollUpBuilding.Reading(Zone, "minutely", "10:15:00", 9, "uncertain")));
        await App.RollUpAsync();
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
        Assert.Equal("2, 1", await App.QueryAsync("SELECT uncounted FROM reading_hourly ORDER BY bucket"));
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
            await App.QueryAsync("""
                SELECT to_char(bucket AT TIME ZONE 'UTC', 'HH24'), round(average::numeric, 3) || ' of ' || count || ' known ' || weight_s
                FROM reading_hourly ORDER BY bucket
                """));
        Assert.Equal(
            "2026-03-09 58.889 of 2 known 16200 coverage 0.188, 2026-03-10 60.000 of 0 known 11700 coverage 0.135",
            await App.QueryAsync("""
                SELECT bucket::text, round(avg::numeric, 3) || ' of ' || r.count || ' known ' || d.weight_s || ' coverage ' || round(coverage::numeric, 3)
                FROM readings_daily r JOIN reading_daily d ON d.day = r.bucket ORDER BY bucket
                """));

        // What ended the holding of the first value is taken back, and nothing holds until 02:15.
        await App.StoreAsync(RollUpBuilding.Correcting(Zone, RollUpBuilding.Reading(Zone, "hours", "2026-03-09T18:45:00Z", 60, "bad")));
        await App.RollUpAsync();
        await App.AssertRolledUpAsync();
        Assert.Equal("18 40 1, 01 40 0", await App.QueryAsync("""
            SELECT to_char(bucket AT TIME ZONE 'UTC', 'HH24'), average, count FROM reading_hourly
            WHERE bucket IN ('2026-03-09T18:00Z', '2026-03-10T01:00Z', '2026-03-10T02:00Z') ORDER BY bucket
            """));
    }

    [Theory]
    [InlineData("Europe/Amsterdam")]
    [InlineData("Asia/Kathmandu")]
    public async Task What_comes_in_time_is_computed_once(string zone)
    {
        await CatalogueImport.ImportAsync(App.Postgres, RollUpBuilding.In(zone), CancellationToken.None);
        for (var minute = 0; minute < 600; minute++)
        {
            var time = App.Time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
            if (minute % 7 == 0)
                await App.StoreAsync(RollUpBuilding.Of(zone, RollUpBuilding.Reading(zone, "minutely", time, minute % 50), RollUpBuilding.Reading(zone, "hours", time, minute % 50)));
            App.Time.Advance(TimeSpan.FromMinutes(1));
            if (minute % 3 == 0)
                await App.Get<RollUpRun>().RunAsync(CancellationToken.None);
        }

        await App.RollUpAsync();
        await App.AssertRolledUpAsync();
        Assert.Equal("0 0", await App.QueryAsync("SELECT (SELECT max(revision) FROM reading_hourly), (SELECT max(revision) FROM reading_daily)"));
    }

    [Fact]
    public async Task Sums_that_no_number_can_hold_are_the_largest_one_and_keep_nothing_from_being_rolled_up()
    {
        await StoreAsync("minutely", ("10:10:00", double.MinValue, "good"), ("10:20:00", double.MinValue, "good"), ("11:10:00", 3, "good"));
        await StoreAsync("short", ("10:10:00", double.MinValue, "good"), ("10:20:00", double.MinValue, "good"));
        await RollUpAtAsync(13);
        Assert.Equal(
            "-1.7976931348623157e+308 -1.7976931348623157e+308, 3 3, -1.7976931348623157e+308 -1.7976931348623157e+308",
            await App.QueryAsync("SELECT average::text, sum::text FROM reading_hourly ORDER BY point_id, bucket"));
        Assert.Equal("2", await App.QueryAsync("SELECT count(*) FROM reading_daily"));
    }

    [Fact]
    public async Task Record_of_what_changed_holds_ranges_of_points_for_each_hour_and_nothing_of_duplicates()
    {
        var first = await App.QueryAsync($"SELECT min(point_id) FROM point JOIN sensor USING (sensor_id) WHERE sensor_id = '{TestBuilding.Sensor(0, 0)}'");
        await App.StoreAsync(Batch.Of(Batch.Co2(0, "11:59:00", 1), Batch.Co2(2, "11:58:00", 2), Batch.Co2(1, "12:01:00", 3)));
        await App.StoreAsync(Batch.Of(Batch.Co2(0, "11:59:00", 4)));
        await App.StoreAsync(Batch.Correcting(Batch.Co2(0, "11:59:00", 1), Batch.Co2(2, "11:58:00", 5)));
        var points = int.Parse(first, CultureInfo.InvariantCulture);
        Assert.Equal(
            $"11 {{[{points + 1},{points + 8})}} late, 12 {{[{points + 4},{points + 5})}} late, 11 {{[{points + 7},{points + 8})}} correction",
            await App.QueryAsync("SELECT to_char(hour AT TIME ZONE 'UTC', 'HH24'), points::text, cause FROM reading_change ORDER BY change_id"));
    }

    [Fact]
    public async Task Records_of_an_hour_that_is_not_over_are_put_together()
    {
        for (var minute = 1; minute < 5; minute++)
            await App.StoreAsync(Batch.Of(Batch.Co2(0, $"12:0{minute}:00", minute), Batch.Co2(4, $"12:0{minute}:30", minute, floor: 1)));
        await App.RollUpAsync();
        Assert.Equal("1 2", await App.QueryAsync("SELECT count(*), (SELECT count(*) FROM reading_change, unnest(points)) FROM reading_change"));
        App.Time.Advance(TimeSpan.FromHours(2));
        await App.RollUpAsync();
        await App.AssertRolledUpAsync();
        Assert.Equal("8", await App.QueryAsync("SELECT sum(count) FROM reading_hourly"));
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
        App.Time.Advance(TimeSpan.FromHours(1));
        await App.AssertRolledUpAsync();
    }

    [Fact]
    public async Task Reader_sees_roll_ups_by_the_names_of_the_catalogue()
    {
        await StoreAsync("minutely", ("10:15:00", 1, "good"), ("10:30:00", 2, "uncertain"));
        await RollUpAtAsync(13);
        const string columns = "building, floor, zone, sensor, metric, unit, avg, min, max, sum, count, first, last, coverage, worst_quality, revision";
        Assert.Equal(
            "Europe/Amsterdam 0  all minutely  1.5 1 2 3 2 1 2 0.03333333333333333 uncertain 0",
            await App.QueryAsync($"SELECT {columns} FROM readings_hourly WHERE bucket = '2026-03-10T10:00Z'"));
        Assert.Equal(
            "Europe/Amsterdam 0  all minutely  1.5 1 2 3 2 1 2 0.001388888888888889 uncertain 0",
            await App.QueryAsync($"SELECT {columns} FROM readings_daily WHERE bucket = '2026-03-10'"));
        Assert.Equal(
            "True True False",
            await App.QueryAsync("""
                SELECT has_table_privilege('reader', 'readings_hourly', 'SELECT'), has_table_privilege('reader', 'readings_daily', 'SELECT'),
                    has_table_privilege('reader', 'reading_hourly', 'SELECT')
                """));
    }

    // By an app whose sessions end: until then they do not tell all that they have read.
    private async Task RollUpElsewhereAsync(params string[] times)
    {
        await using (var other = await StartAsync(Database))
        {
            other.Time.Advance(TimeSpan.FromHours(1));
            await other.StoreAsync(App.Events(RollUpBuilding.Of(Zone, [.. times.Select(time => RollUpBuilding.Reading(Zone, "minutely", time, 1))])));
            await other.RollUpAsync();
        }

        await Eventually.TrueAsync(
            async () => await App.QueryAsync("""
                SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'building-mgmt%'
                """) == "0",
            TimeSpan.FromSeconds(20),
            "its sessions have ended",
            TestContext.Current.CancellationToken);
    }

    private async Task<Dictionary<string, string>> ScansAsync()
    {
        var rows = await App.QueryAsync("SELECT relname, coalesce(seq_scan, 0) || '+' || coalesce(idx_scan, 0) FROM pg_stat_user_tables");
        return rows.Split(", ").Select(row => row.Split(' ')).ToDictionary(row => row[0], row => row[1]);
    }
}
