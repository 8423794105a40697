using BuildingMgmt.Database;
using BuildingMgmt.Functions.DeadLetters;
using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.DeadLetters;

public sealed class DeadLetterReplayTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly Guid Later = StableId.Create("a sensor installed later");

    private readonly string table = IngestApp.NewTableName();
    private TestDatabase database = null!;
    private IngestApp app = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        app = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString, table);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Reading_of_a_sensor_installed_since_is_stored_and_moves_within_its_days_ledger()
    {
        await app.StoreAsync(Batch.Of(Batch.Reading(Later, "11:58:00", "\"co2\":1"), Batch.Reading(Later, "11:59:00", "\"co2\":2"), Batch.Co2(0, "11:59:00", 3)));
        await InstallAsync("co2");
        app.Time.Advance(TimeSpan.FromDays(2));

        Assert.Equal(new ReplayCounts(2, 2, 2, 0, 0), await app.ReplayAsync());
        Assert.Equal("gw 1 3=3+0+0 2026-03-10", await LedgerByDayAsync());
        Assert.Equal("3", await app.QueryAsync("SELECT count(*) FROM reading"));
        Assert.Equal("2026-03-10 11 late 2", await app.QueryAsync(
            """
            SELECT to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24'), cause, count(*) FROM reading_change GROUP BY hour, cause
            """));
        await app.AssertLatestAsync();
        Assert.Equal(
            "unknown sensor 1 0 True engineer, unknown sensor 1 0 True engineer",
            await app.QueryAsync("SELECT reason, readings, attempts, replayed_at IS NOT NULL, replayed_by FROM dead_letter ORDER BY dead_letter_id"));

        Assert.Equal(default, await app.ReplayAsync());
        Assert.Equal("gw 1 3=3+0+0 2026-03-10", await LedgerByDayAsync());
    }

    [Fact]
    public async Task Reading_sent_again_before_its_letter_is_replayed_counts_as_a_duplicate()
    {
        var reading = Batch.Reading(Later, "11:59:00", "\"co2\":2");
        await app.StoreAsync(Batch.Of(reading));
        await InstallAsync("co2");
        await app.StoreAsync(Batch.Of(reading));
        Assert.Equal(new ReplayCounts(1, 1, 0, 1, 0), await app.ReplayAsync());
        Assert.Equal("gw 2 2=1+1+0", await app.LedgerAsync());
    }

    [Fact]
    public async Task Letter_of_one_metric_brings_back_that_metric_alone_and_undoes_no_correction()
    {
        await InstallAsync("co2");
        await app.StoreAsync(Batch.Correcting(Batch.Reading(Later, "11:59:00", "\"co2\":1,\"light\":2,\"noise\":3")));
        await app.StoreAsync(Batch.Correcting(Batch.Reading(Later, "11:59:00", "\"co2\":10")));
        await InstallAsync("co2", "light");

        Assert.Equal(new ReplayCounts(2, 1, 1, 0, 1), await app.ReplayAsync());
        Assert.Equal("later/co2 03-10 11:59:00 10 good, later/light 03-10 11:59:00 2 good", await app.ReadingsAsync());
        Assert.Equal("gw 2 4=3+0+1", await app.LedgerAsync());
        Assert.Equal(
            "unknown metric 0 True, unknown metric 1 False",
            await app.QueryAsync("SELECT reason, attempts, replayed_at IS NOT NULL FROM dead_letter ORDER BY dead_letter_id"));
    }

    [Fact]
    public async Task Event_kept_for_its_very_many_bad_readings_brings_back_exactly_those()
    {
        await InstallAsync("co2");
        var readings = Enumerable.Range(0, 300).Select(number =>
            Batch.Reading(Later, $"11:{number / 60:00}:{number % 60:00}", $"\"light\":{number},\"co2\":{number},\"noise\":1"));
        var packed = Packed.Gzip(Batch.Correcting([.. readings]));
        await app.StoreAsync([.. app.Events(IngestApp.Partition, packed).Select(sent => sent with { ContentEncoding = "gzip" })]);
        await app.StoreAsync(Batch.Correcting(Batch.Reading(Later, "11:04:59", "\"co2\":-1")));
        Assert.Equal("gw 2 901=301+0+600", await app.LedgerAsync());
        await InstallAsync("co2", "light");

        // A hundred letters of one metric each, and one of the other 500.
        Assert.Equal(new ReplayCounts(101, 50, 300, 0, 300), await app.ReplayAsync());
        Assert.Equal("gw 2 901=601+0+300", await app.LedgerAsync());
        Assert.Equal("600 -1", await app.QueryAsync("SELECT count(*), min(value) FROM readings"));
        Assert.Equal("unknown metric 250 1", await app.QueryAsync("SELECT reason, readings, attempts FROM dead_letter WHERE is_whole"));

        await InstallAsync("co2", "light", "noise");
        Assert.Equal(new ReplayCounts(51, 51, 300, 0, 0), await app.ReplayAsync());
        Assert.Equal("gw 2 901=901+0+0", await app.LedgerAsync());
        await app.AssertLatestAsync();
    }

    [Fact]
    public async Task Event_of_a_gateway_registered_since_is_stored_but_for_what_is_bad_in_it()
    {
        await app.StoreAsync(Batch.From("new", Batch.Co2(0, "11:59:00", 1), "17", Batch.Co2(1, "11:59:00", 2), Batch.Reading(0, "11:59:00", "\"light\":1,\"co2\":1")));
        Assert.Equal("new 1 5=0+0+5", await app.LedgerAsync());
        Assert.Equal(new ReplayCounts(1, 0, 0, 0, 5), await app.ReplayAsync());
        Assert.Equal("unknown gateway 5 1", await app.QueryAsync("SELECT reason, readings, attempts FROM dead_letter"));

        await CatalogueImport.ImportAsync(app.Postgres, TestBuilding.Tower with { Gateways = [new("new", "a secret of the tests")] }, Token);
        // The first value of a point and time stays: its twin in the last reading is a duplicate.
        Assert.Equal(new ReplayCounts(1, 0, 2, 1, 2), await app.ReplayAsync());
        Assert.Equal("new 1 5=2+1+2", await app.LedgerAsync());
        Assert.Equal("malformed 2 2", await app.QueryAsync("SELECT reason, readings, attempts FROM dead_letter"));
        Assert.Equal(new ReplayCounts(1, 0, 0, 0, 2), await app.ReplayAsync());
        Assert.Equal("new 1 5=2+1+2", await app.LedgerAsync());
    }

    [Fact]
    public async Task Event_that_could_not_be_read_and_now_can_counts_as_its_gateways_with_all_its_readings()
    {
        var large = Batch.Of([.. Enumerable.Range(0, 5).Select(sensor => Batch.Co2(sensor, "11:59:00", sensor)), "17"])
            .Replace("\"batch_id\"", $"\"note\":\"{new string('x', 1_100_000)}\",\"batch_id\"", StringComparison.Ordinal);
        await using (var narrow = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString, table, ("Ingest:EventMiBMax", "1")))
        {
            await narrow.StoreAsync(large);
            Assert.Equal(new ReplayCounts(1, 0, 0, 0, 1), await narrow.ReplayAsync());
        }

        Assert.Equal("(unknown) 1 1=0+0+1", await app.LedgerAsync());
        Assert.Equal(new ReplayCounts(1, 0, 5, 0, 1), await app.ReplayAsync());
        Assert.Equal("(unknown) 0 0=0+0+0, gw 1 6=5+0+1", await app.LedgerAsync());
        Assert.Equal("gw malformed 2", await app.QueryAsync("SELECT gateway_id, reason, attempts FROM dead_letter"));
    }

    [Fact]
    public async Task Time_that_was_ahead_is_storable_once_it_has_come()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "12:30:00", 1)));
        Assert.Equal(new ReplayCounts(1, 0, 0, 0, 1), await app.ReplayAsync());
        app.Time.Advance(TimeSpan.FromMinutes(30));
        Assert.Equal(new ReplayCounts(1, 1, 1, 0, 0), await app.ReplayAsync());
    }

    [Fact]
    public async Task Replays_at_once_store_each_letter_once()
    {
        await using var other = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString, table);
        await app.StoreAsync([.. app.Events([.. Enumerable.Range(0, 60).Select(minute =>
            Batch.Of([.. Enumerable.Range(0, 50).Select(second => Batch.Reading(Later, $"11:{minute:00}:{second:00}", "\"co2\":1"))]))])]);
        await InstallAsync("co2");
        var counts = await Task.WhenAll(app.ReplayAsync(), other.ReplayAsync(), app.ReplayAsync());
        Assert.Equal((3000, 3000, 0, 0), (counts.Sum(count => count.Letters), counts.Sum(count => count.Stored), counts.Sum(count => count.Duplicate), counts.Sum(count => count.StillBad)));
        Assert.Equal("gw 60 3000=3000+0+0", await app.LedgerAsync());
        await app.AssertLatestAsync();
    }

    [Fact]
    public async Task Replay_that_is_killed_half_way_changes_nothing_and_the_next_one_does_it_all()
    {
        await app.StoreAsync(Batch.Of(Batch.Reading(Later, "11:58:00", "\"co2\":1"), Batch.Reading(Later, "11:59:00", "\"co2\":2")));
        await InstallAsync("co2");
        await using (var holder = await app.Postgres.OpenConnectionAsync(Token))
        await using (var transaction = await holder.BeginTransactionAsync(Token))
        {
            await using var hold = new NpgsqlCommand("SELECT FROM gateway_ledger FOR UPDATE", holder, transaction);
            await hold.ExecuteNonQueryAsync(Token);
            // Its readings are inserted, and it waits for the ledger.
            var replay = app.ReplayAsync();
            await Eventually.TrueAsync(
                async () => await app.QueryAsync("""
                    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%gateway_ledger%' AND pid <> pg_backend_pid()
                    """) == "1",
                TimeSpan.FromSeconds(30),
                "the replay waits for the ledger, and is ended",
                Token);
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => replay);
        }

        Assert.Equal("gw 1 2=0+0+2", await app.LedgerAsync());
        Assert.Equal("0", await app.QueryAsync("SELECT count(*) FROM reading"));
        Assert.Equal(new ReplayCounts(2, 2, 2, 0, 0), await app.ReplayAsync());
        Assert.Equal("gw 1 2=2+0+0", await app.LedgerAsync());
    }

    [Fact]
    public async Task More_than_a_transaction_takes_is_replayed_by_several()
    {
        await using var small = await IngestApp.StartAsync(
            database.ConnectionString, azurite.ConnectionString, table, ("Ingest:RowsPerTransactionMax", "7"));
        await small.StoreAsync(Batch.Of([.. Enumerable.Range(0, 50).Select(second => Batch.Reading(Later, $"11:00:{second:00}", "\"co2\":1"))]));
        await InstallAsync("co2");
        Assert.Equal(new ReplayCounts(50, 50, 50, 0, 0), await small.ReplayAsync("unknown sensor"));
        Assert.Equal("8", await app.QueryAsync("SELECT count(DISTINCT xmin::text) FROM reading"));
    }

    private async Task InstallAsync(params string[] metrics)
    {
        var sensor = new SensorSpec(Later, "later", "climate", null, [.. metrics.Select(metric => new PointSpec(metric, "", null, null, 60))]);
        await CatalogueImport.ImportAsync(app.Postgres, TestBuilding.Tower with { Floors = [TestBuilding.Tower.Floors[0] with { Sensors = [sensor] }] }, Token);
    }

    private Task<string> LedgerByDayAsync() => app.QueryAsync("""
        SELECT gateway_id, events, sent || '=' || stored || '+' || duplicate || '+' || dead_lettered, day::text FROM gateway_ledger ORDER BY gateway_id, day
        """);
}
