using System.IO.Compression;
using System.Text;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.Ingest;

public sealed class TelemetryIngestTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private TestDatabase database = null!;
    private IngestApp app = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        app = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Reading_sent_twice_is_stored_once()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:59:00", 600)));
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:59:00", 600), Batch.Co2(1, "11:59:00", 601)));
        Assert.Equal("sensor 0/co2 03-10 11:59:00 600 good, sensor 1/co2 03-10 11:59:00 601 good", await SortedReadingsAsync());
        Assert.Equal("gw 2 3=2+1+0", await app.LedgerAsync());
        await app.AssertLatestAsync();
    }

    [Fact]
    public async Task Another_value_for_the_same_time_changes_nothing_without_correction()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:59:00", 600)));
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:59:00", 700)));
        Assert.Equal("sensor 0/co2 03-10 11:59:00 600 good", await app.ReadingsAsync());
        Assert.Equal("sensor 0/co2 600 0", await app.LatestAsync());
        Assert.Equal("gw 2 2=1+1+0", await app.LedgerAsync());
    }

    [Fact]
    public async Task Correction_replaces_the_value_and_shows_in_the_latest_values()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:58:00", 580), Batch.Co2(0, "11:59:00", 600)));
        await app.StoreAsync(Batch.Correcting(
            Batch.Co2(0, "11:58:00", 580), Batch.Reading(0, "11:59:00", "\"co2\":550", "uncertain"), Batch.Co2(0, "11:57:00", 570)));
        Assert.Equal(
            "sensor 0/co2 03-10 11:57:00 570 good, sensor 0/co2 03-10 11:58:00 580 good, sensor 0/co2 03-10 11:59:00 550 uncertain",
            await app.ReadingsAsync());
        Assert.Equal("sensor 0/co2 550 1", await app.LatestAsync());
        // What a correction changes or adds counts as stored; what it only repeats is a duplicate.
        Assert.Equal("gw 2 5=4+1+0", await app.LedgerAsync());
    }

    [Fact]
    public async Task Twins_in_one_batch_are_settled_as_if_they_came_one_after_the_other()
    {
        await app.StoreAsync(app.Events(
            Batch.Of(Batch.Co2(0, "11:59:00", 1), Batch.Co2(0, "11:59:00", 2), Batch.Reading(1, "11:59:00", "\"co2\":3,\"co2\":4")),
            Batch.Correcting(Batch.Co2(2, "11:59:00", 5), Batch.Co2(2, "11:59:00", 6)),
            Batch.Of(Batch.Co2(2, "11:59:00", 7), Batch.Co2(0, "11:59:00", 8))));
        Assert.Equal(
            "sensor 0/co2 03-10 11:59:00 1 good, sensor 1/co2 03-10 11:59:00 3 good, sensor 2/co2 03-10 11:59:00 6 good",
            await SortedReadingsAsync());
        Assert.Equal("gw 3 8=3+5+0", await app.LedgerAsync());
        await app.AssertLatestAsync();
    }

    [Fact]
    public async Task Bad_readings_are_dead_lettered_with_reason_and_bytes_and_the_others_stored()
    {
        var unknown = Batch.Reading(TestBuilding.UnknownSensor, "11:59:00", "\"co2\":1,\"temperature\":2");
        var mixed = Batch.Reading(0, "11:59:00", "\"co2\":1,\"light\":2,\"temperature\":\"3\"");
        await app.StoreAsync(Batch.Of(unknown, mixed, Batch.Co2(1, "12:06:00", 4), "[5]"));
        Assert.Equal("sensor 0/co2 03-10 11:59:00 1 good", await app.ReadingsAsync());
        Assert.Equal("gw 1 7=1+0+6", await app.LedgerAsync());
        Assert.Equal(
            "unknown sensor 2, unknown metric 1, not a number 1, timestamp more than 5 min ahead 1, malformed 1",
            await app.QueryAsync("SELECT reason, readings FROM dead_letter ORDER BY dead_letter_id"));
        Assert.Equal(
            $"{unknown}, {mixed}, {mixed}, {Batch.Co2(1, "12:06:00", 4)}, [5]",
            await app.QueryAsync("SELECT convert_from(content, 'UTF8') FROM dead_letter ORDER BY dead_letter_id"));
        Assert.Equal(
            "telemetry 2 0 gw b-1",
            await app.QueryAsync("SELECT DISTINCT hub, partition_id, sequence_number, gateway_id, batch_id FROM dead_letter"));
    }

    [Fact]
    public async Task Unreadable_event_is_dead_lettered_whole_and_does_not_hold_up_the_others()
    {
        byte[] garbage = [0, 159, 146, 150, (byte)'{'];
        await app.StoreAsync([
            .. app.Events(IngestApp.Partition, garbage),
            .. app.Events(Batch.Of(Batch.Co2(0, "11:59:00", 600)), """{"gateway_id":"gw"}""")]);
        Assert.Equal("sensor 0/co2 03-10 11:59:00 600 good", await app.ReadingsAsync());
        Assert.Equal("(unknown) 1 1=0+0+1, gw 2 2=1+0+1", await app.LedgerAsync());
        Assert.Equal(
            $"unreadable event  {Convert.ToHexStringLower(garbage)}, unreadable event gw {Convert.ToHexStringLower("""{"gateway_id":"gw"}"""u8)}",
            await app.QueryAsync("SELECT reason, gateway_id, encode(content, 'hex') FROM dead_letter ORDER BY dead_letter_id"));
    }

    [Fact]
    public async Task Gzip_event_is_unpacked_and_a_damaged_one_is_dead_lettered_as_it_came()
    {
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(Encoding.UTF8.GetBytes(Batch.Of(Batch.Co2(0, "11:59:00", 600))));
        var good = packed.ToArray();
        byte[] damaged = [.. good];
        damaged[^12] ^= 0xFF;
        await app.StoreAsync([.. app.Events(IngestApp.Partition, good, damaged).Select(item => item with { ContentEncoding = "GZIP" })]);
        Assert.Equal("sensor 0/co2 03-10 11:59:00 600 good", await app.ReadingsAsync());
        Assert.Equal(Convert.ToHexStringLower(damaged), await app.QueryAsync("SELECT encode(content, 'hex') FROM dead_letter"));
    }

    [Fact]
    public async Task Gzip_event_without_all_of_its_trailer_is_dead_lettered_as_it_came()
    {
        var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal))
            gzip.Write(Encoding.UTF8.GetBytes(Batch.Of(Batch.Co2(0, "11:59:00", 600))));
        var whole = packed.ToArray();
        byte[][] cut = [.. Enumerable.Range(1, 8).Select(missing => whole[..^missing])];
        await app.StoreAsync([.. app.Events(IngestApp.Partition, cut).Select(item => item with { ContentEncoding = "gzip" })]);
        Assert.Equal("", await app.ReadingsAsync());
        Assert.Equal("(unknown) 8 8=0+0+8", await app.LedgerAsync());
        Assert.Equal(
            string.Join(", ", cut.Select(bytes => $"unreadable event {Convert.ToHexStringLower(bytes)}")),
            await app.QueryAsync("SELECT reason, encode(content, 'hex') FROM dead_letter ORDER BY dead_letter_id"));
    }

    [Fact]
    public async Task Events_delivered_again_after_their_commit_change_nothing_not_even_the_ledger()
    {
        var first = app.Events(Batch.Of(Batch.Co2(0, "11:59:00", 600), "1"), "garbage");
        var second = app.Events(Batch.Of(Batch.Co2(0, "11:59:30", 610)));
        await app.StoreAsync(first);
        // As after a kill between commit and checkpoint: the batch comes again, cut differently.
        await app.StoreAsync([.. first, .. second]);
        await app.StoreAsync(second);
        Assert.Equal("sensor 0/co2 03-10 11:59:00 600 good, sensor 0/co2 03-10 11:59:30 610 good", await app.ReadingsAsync());
        Assert.Equal("(unknown) 1 1=0+0+1, gw 2 3=2+0+1", await app.LedgerAsync());
        Assert.Equal("2", await app.QueryAsync("SELECT count(*) FROM dead_letter"));
        await app.AssertLatestAsync();
    }

    [Fact]
    public async Task Latest_values_are_written_by_a_redelivery_when_the_first_attempt_could_not()
    {
        var events = app.Events(Batch.Of(Batch.Co2(0, "11:59:00", 600)));
        await using (var away = await IngestApp.StartAsync(database.ConnectionString, Unreachable(azurite.ConnectionString)))
            await Assert.ThrowsAnyAsync<Exception>(() => away.StoreAsync(events));
        Assert.Equal("gw 1 1=1+0+0", await app.LedgerAsync());
        Assert.Equal("missing", await app.LatestAsync());

        await app.StoreAsync(events);
        Assert.Equal("sensor 0/co2 600 0", await app.LatestAsync());
        Assert.Equal("gw 1 1=1+0+0", await app.LedgerAsync());
    }

    [Fact]
    public async Task Hub_made_anew_starts_over_without_losing_events()
    {
        await app.StoreAsync(app.Events(Batch.Of(Batch.Co2(0, "11:58:00", 1)), Batch.Of(Batch.Co2(0, "11:58:30", 2))));
        var anew = new IncomingEvent(Encoding.UTF8.GetBytes(Batch.Of(Batch.Co2(0, "11:59:00", 3))), null, 0, TestBuilding.Now.AddHours(1));
        await app.StoreAsync(anew);
        await app.StoreAsync(anew);
        Assert.Equal("gw 3 3=3+0+0", await app.LedgerAsync());
        Assert.Equal("0", await app.QueryAsync("SELECT sequence_number FROM ingest_position"));
    }

    [Fact]
    public async Task Two_instances_given_the_same_events_at_once_store_them_once()
    {
        await using var other = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString);
        var events = app.Events([.. Enumerable.Range(0, 50).Select(minute =>
            Batch.Of([.. Enumerable.Range(0, 5).Select(sensor => Batch.Co2(sensor, $"11:{minute:00}:00", minute))]))]);
        await Task.WhenAll(app.StoreAsync(events), other.StoreAsync(events));
        Assert.Equal("gw 50 250=250+0+0", await app.LedgerAsync());
        Assert.Equal("250", await app.QueryAsync("SELECT count(*) FROM reading"));
        await app.AssertLatestAsync();
    }

    [Fact]
    public async Task Late_reading_is_stored_and_leaves_the_latest_value()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:59:00", 600)));
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "10:00:00", 500), Batch.Co2(0, "2026-03-07T12:00:00Z", 400)));
        Assert.Equal("sensor 0/co2 600 0", await app.LatestAsync());
        Assert.Equal("gw 2 3=3+0+0", await app.LedgerAsync());
    }

    [Fact]
    public async Task Sensor_installed_since_the_catalogue_was_read_is_found()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:58:00", 1)));
        var sensor = StableId.Create("a sensor installed later");
        var floor = TestBuilding.Tower.Floors[0] with { Sensors = [new SensorSpec(sensor, "later", "climate", null, [new PointSpec("co2", "ppm", null, null, 60)])] };
        await CatalogueImport.ImportAsync(app.Postgres, TestBuilding.Tower with { Floors = [floor] }, CancellationToken.None);
        app.Time.Advance(TimeSpan.FromSeconds(1));
        await app.StoreAsync(Batch.Of(Batch.Reading(sensor, "11:59:00", "\"co2\":2"), Batch.Co2(0, "11:59:00", 3)));
        Assert.Equal("gw 2 3=3+0+0", await app.LedgerAsync());
    }

    [Fact]
    public async Task Large_batch_is_stored_by_several_transactions()
    {
        await using var small = await IngestApp.StartAsync(
            database.ConnectionString, azurite.ConnectionString, settings: ("Ingest:RowsPerTransactionMax", "40"));
        await small.StoreAsync(app.Events([.. Enumerable.Range(0, 60).Select(minute =>
            Batch.Of(Batch.Co2(0, $"11:{minute:00}:00", minute), Batch.Co2(1, $"11:{minute:00}:00", minute), "1"))]));
        Assert.Equal("gw 60 180=120+0+60", await app.LedgerAsync());
        Assert.Equal("59 5", await app.QueryAsync("SELECT sequence_number, (SELECT count(DISTINCT xmin::text) FROM reading) FROM ingest_position"));
        await small.AssertLatestAsync();
    }

    // Nothing listens there.
    private static string Unreachable(string storage) => storage.Replace("127.0.0.1:", "127.0.0.2:", StringComparison.Ordinal);

    private Task<string> SortedReadingsAsync() => app.QueryAsync("""
        SELECT sensor || '/' || metric, to_char(time AT TIME ZONE 'UTC', 'MM-DD HH24:MI:SS'), value, quality
        FROM readings ORDER BY sensor, metric, time
        """);
}
