using System.Globalization;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Functions.RollUps.Rebuild;
using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.RollUps;

/// <summary>Roll-ups that are made again, of what was stored before: by another zone, by a rebuild, by a newer build.</summary>
public sealed class MadeAgainTests(PostgresFixture postgres, AzuriteFixture azurite) : AmsterdamTests(postgres, azurite)
{
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
        await App.AssertRolledUpAsync();
        foreach (var zone in new[] { "Asia/Tokyo", "Asia/Kathmandu", "America/St_Johns", "Asia/Tokyo", Zone })
        {
            await App.QueryAsync($"UPDATE building SET time_zone = '{zone}' WHERE name = '{Zone}'; SELECT 1");
            await App.RollUpAsync();
            Assert.Equal("0", await App.QueryAsync("SELECT count(*) FROM reading_change WHERE NOT is_carried"));
            await App.AssertRolledUpAsync();
        }

        Assert.Contains("time zone", await App.QueryAsync("SELECT DISTINCT reason FROM reading_hourly"), StringComparison.Ordinal);
        Assert.Equal(5, App.Log.Of(LogEvents.RollUpZoneChanged).Count);
        await App.AssertRebuildFindsNothingAsync(RollUpBuilding.In(Zone).BuildingId, new DateOnly(2026, 3, 6), new DateOnly(2026, 3, 11));
    }

    [Fact]
    public async Task Roll_ups_of_readings_that_are_gone_stay()
    {
        await StoreAsync("minutely", ("2026-02-10T10:15:00Z", 1, "good"), ("2026-02-10T10:20:00Z", 2, "good"), ("11:15:00", 5, "good"));
        await RollUpAtAsync(13);
        var before = await HoursAsync();
        await App.QueryAsync("DROP TABLE reading_2026_02; SELECT 1");
        // A late reading of the month makes it anew, without the others.
        App.Get<ReadingMonths>().Forget();
        await StoreAsync("minutely", ("2026-02-10T10:25:00Z", 9, "good"));
        await App.RollUpAsync();
        await App.Get<RollUpRebuild>().RebuildDayAsync(RollUpBuilding.In(Zone).BuildingId, new DateOnly(2026, 2, 10), CancellationToken.None);
        await App.QueryAsync($"UPDATE building SET time_zone = 'Asia/Kathmandu' WHERE name = '{Zone}'; SELECT 1");
        await App.RollUpAsync();
        Assert.Contains("minutely 10 avg 1.5 sum 3 of 2", await HoursAsync(), StringComparison.Ordinal);
        Assert.Contains("minutely 10 avg 1.5 sum 3 of 2", before, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rebuild_mends_what_was_stored_wrongly_and_counts_it()
    {
        await StoreAsync("minutely", ("09:15:00", 1, "good"), ("10:15:00", 2, "good"), ("11:15:00", 3, "good"));
        await RollUpAtAsync(13);
        await App.QueryAsync("""
            UPDATE reading_hourly SET sum = 7 WHERE bucket = '2026-03-10T09:00Z';
            DELETE FROM reading_hourly WHERE bucket = '2026-03-10T10:00Z';
            UPDATE reading_daily SET max = 8;
            SELECT 1
            """);
        var building = RollUpBuilding.In(Zone).BuildingId;
        var result = await App.Get<RollUpRebuild>().RebuildDayAsync(building, new DateOnly(2026, 3, 10), CancellationToken.None);
        Assert.Equal(3, result.Differences);
        await App.AssertRolledUpAsync();
        Assert.Equal("1 rebuild, 0 , 0 ", await App.QueryAsync("SELECT revision, reason FROM reading_hourly ORDER BY bucket"));
        await App.AssertRebuildFindsNothingAsync(building, new DateOnly(2026, 3, 10), new DateOnly(2026, 3, 10));
    }

    [Fact]
    public async Task Rebuild_leaves_the_hour_that_is_not_over_alone()
    {
        await StoreAsync("minutely", ("11:15:00", 1, "good"), ("12:01:00", 2, "good"));
        App.Time.Advance(TimeSpan.FromMinutes(5));
        await App.Get<RollUpRebuild>().RebuildDayAsync(RollUpBuilding.In(Zone).BuildingId, new DateOnly(2026, 3, 10), CancellationToken.None);
        Assert.Equal("minutely 11 avg 1 sum 1 of 1 first 1 last 1 worst 0 revision 0", await HoursAsync());
    }

    [Fact]
    public async Task What_an_older_build_has_stored_is_rolled_up()
    {
        await using var older = await Server.CreateEmptyDatabaseAsync(TestContext.Current.CancellationToken);
        await using (var source = NpgsqlDataSource.Create(older.ConnectionString + ";Pooling=false"))
        {
            await SchemaMigrator.MigrateAsync(source, 5, TestContext.Current.CancellationToken);
            await using var store = source.CreateCommand("""
                INSERT INTO building (building_id, name, time_zone) VALUES ('00000000-0000-0000-0000-000000000001', 'Old', 'Asia/Kathmandu');
                INSERT INTO floor (floor_id, building_id, name) VALUES ('00000000-0000-0000-0000-000000000002', '00000000-0000-0000-0000-000000000001', '0');
                INSERT INTO sensor (sensor_id, floor_id, name, type) VALUES ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-000000000002', 'a', 't');
                INSERT INTO point (sensor_id, metric) SELECT sensor_id, 'metric ' || number FROM sensor, generate_series(1, 30) AS number;
                SELECT create_reading_partition(month) FROM unnest(ARRAY['2025-11-01', '2026-02-01']::timestamptz[]) AS month;
                INSERT INTO reading (point_id, time, value, quality)
                SELECT point_id, time, extract(minute FROM time), 0
                FROM point CROSS JOIN unnest(ARRAY['2025-11-01T00:00Z', '2025-11-30T23:59Z', '2026-02-14T12:05Z', '2026-02-14T12:25Z']::timestamptz[]) AS time;
                """);
            await store.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            await SchemaMigrator.MigrateAsync(source, TestContext.Current.CancellationToken);
        }

        await using var newer = await StartAsync(older);
        await newer.RollUpAsync();
        await newer.AssertRolledUpAsync();
        Assert.Equal("120", await newer.QueryAsync("SELECT sum(count) FROM reading_daily"));
    }

    [Fact]
    public async Task Time_zone_that_does_not_exist_is_refused_by_name()
    {
        var wrong = RollUpBuilding.In(Zone) with { TimeZone = "Europe/Atlantis" };
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() => CatalogueImport.ImportAsync(App.Postgres, wrong, CancellationToken.None));
        Assert.Contains("Europe/Atlantis", exception.Message, StringComparison.Ordinal);
    }
}
