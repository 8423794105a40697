using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Ingest;

/// <summary>What becomes of readings when operators have changed the months' partitions.</summary>
public sealed class ReadingMonthsTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private TestDatabase database = null!;
    private IngestApp app = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync(Token);
        app = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Readings_of_any_month_find_their_partition()
    {
        await app.StoreAsync(Batch.Of(
            Batch.Co2(0, "2026-03-01T00:00:00Z", 1),
            Batch.Co2(0, "2026-02-28T23:59:59.999999Z", 2),
            Batch.Co2(0, "2026-03-01T00:59:59+01:00", 3),
            Batch.Co2(0, "2000-01-01T00:00:00Z", 4),
            Batch.Co2(0, "2022-10-30T02:30:00+01:00", 5)));
        Assert.Equal("gw 1 5=5+0+0", await app.LedgerAsync());
        Assert.Equal("reading_2000_01 1, reading_2022_10 1, reading_2026_02 2, reading_2026_03 1", await PartitionsAsync());
    }

    [Fact]
    public async Task Month_whose_partition_was_dropped_is_made_again()
    {
        var events = app.Events(Batch.Of(Batch.Co2(0, "11:59:00", 600)));
        await app.StoreAsync(Batch.Of(Batch.Co2(1, "11:59:00", 600)));
        await app.QueryAsync("DROP TABLE reading_2026_03; SELECT 1");
        var later = new IncomingEvent(events[0].Body, null, 7, TestBuilding.Now.AddMinutes(1));
        Assert.Equal(PostgresErrorCodes.CheckViolation, (await Assert.ThrowsAsync<PostgresException>(() => app.StoreAsync(later))).SqlState);
        await app.StoreAsync(later);
        Assert.Equal("sensor 0/co2 03-10 11:59:00 600 good", await app.ReadingsAsync());
    }

    [Fact]
    public async Task Month_whose_partition_was_detached_is_attached_again_with_its_readings()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(1, "11:58:00", 500)));
        await app.QueryAsync("ALTER TABLE reading DETACH PARTITION reading_2026_03; SELECT 1");
        await using var other = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString);
        var late = app.Events(Batch.Of(Batch.Co2(0, "11:59:00", 600)));
        Assert.Equal(PostgresErrorCodes.CheckViolation, (await Assert.ThrowsAsync<PostgresException>(() => app.StoreAsync(late))).SqlState);
        // Both instances find at once that it is missing.
        await Task.WhenAll(
            app.StoreAsync(late),
            other.Ingest.StoreAsync(other.Events(Batch.Of(Batch.Co2(2, "11:59:00", 700))), new("telemetry", "9"), Token));
        Assert.Equal(
            "sensor 0/co2 03-10 11:59:00 600 good, sensor 1/co2 03-10 11:58:00 500 good, sensor 2/co2 03-10 11:59:00 700 good",
            await SortedReadingsAsync());
        Assert.Equal("reading_2026_03", await app.QueryAsync("SELECT DISTINCT tableoid::regclass::text FROM reading"));
    }

    [Fact]
    public async Task Detached_month_with_rows_of_another_is_refused_by_name_until_it_is_renamed()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(1, "11:58:00", 500)));
        await app.QueryAsync("""
            ALTER TABLE reading DETACH PARTITION reading_2026_03;
            INSERT INTO reading_2026_03 SELECT time + interval '1 month', value, point_id, quality FROM reading_2026_03;
            SELECT 1
            """);
        var late = app.Events(Batch.Of(Batch.Co2(0, "11:59:00", 600)));
        await Assert.ThrowsAsync<PostgresException>(() => app.StoreAsync(late));
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => app.StoreAsync(late));
        Assert.Equal(PostgresErrorCodes.ObjectNotInPrerequisiteState, refusal.SqlState);
        Assert.Contains("reading_2026_03", refusal.MessageText, StringComparison.Ordinal);
        Assert.Contains("Rename it", refusal.Hint, StringComparison.Ordinal);

        await app.QueryAsync("ALTER TABLE reading_2026_03 RENAME TO kept_apart; SELECT 1");
        await app.StoreAsync(late);
        Assert.Equal("sensor 0/co2 03-10 11:59:00 600 good", await app.ReadingsAsync());
        Assert.Equal("2", await app.QueryAsync("SELECT count(*) FROM kept_apart"));
    }

    [Fact]
    public async Task This_month_and_the_next_two_are_made_ahead()
    {
        await app.Get<ReadingMonths>().CreateAheadAsync(CancellationToken.None);
        await app.Get<ReadingMonths>().CreateAheadAsync(CancellationToken.None);
        Assert.Equal(
            "reading_2026_03, reading_2026_04, reading_2026_05",
            await app.QueryAsync("SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'reading'::regclass ORDER BY name"));
    }

    [Fact]
    public async Task Month_whose_attached_partition_was_renamed_or_moved_goes_on_in_it()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(1, "11:58:00", 500), Batch.Co2(1, "2026-02-10T12:00:00Z", 400)));
        await app.QueryAsync("""
            ALTER TABLE reading_2026_03 RENAME TO march;
            CREATE SCHEMA elsewhere;
            ALTER TABLE reading_2026_02 SET SCHEMA elsewhere;
            SELECT 1
            """);
        await using var other = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString);
        // A session's zone and style do not matter to it.
        await app.QueryAsync($"ALTER DATABASE {database.Name} SET timezone = 'America/St_Johns'; ALTER DATABASE {database.Name} SET datestyle = 'German'; SELECT 1");
        await other.StoreAsync(app.Events(Batch.Of(Batch.Co2(0, "11:59:00", 600), Batch.Co2(0, "2026-02-10T12:00:00Z", 300))));
        Assert.Equal("elsewhere.reading_2026_02 2, march 2", await PartitionsAsync());
    }

    [Fact]
    public async Task Month_within_a_wider_partition_needs_none_of_its_own()
    {
        await app.QueryAsync("""
            CREATE TABLE old PARTITION OF reading FOR VALUES FROM (MINVALUE) TO ('2026-01-01T00:00:00Z');
            CREATE TABLE quarter PARTITION OF reading FOR VALUES FROM ('2026-01-01T00:00:00Z') TO ('2026-04-01T00:00:00Z');
            SELECT 1
            """);
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:59:00", 1), Batch.Co2(0, "2019-05-05T00:00:00Z", 2), Batch.Co2(0, "2026-01-01T00:00:00Z", 3)));
        Assert.Equal("old 1, quarter 2", await PartitionsAsync());
    }

    [Fact]
    public async Task Month_that_a_partition_overlaps_in_part_is_refused_with_the_way_out()
    {
        await app.QueryAsync("CREATE TABLE week PARTITION OF reading FOR VALUES FROM ('2026-03-01T00:00:00Z') TO ('2026-03-08T00:00:00Z'); SELECT 1");
        var events = app.Events(Batch.Of(Batch.Co2(0, "11:59:00", 1)));
        var refusal = await Assert.ThrowsAsync<PostgresException>(() => app.StoreAsync(events));
        Assert.Equal(PostgresErrorCodes.ObjectNotInPrerequisiteState, refusal.SqlState);
        Assert.Contains("\"week\"", refusal.MessageText, StringComparison.Ordinal);
        Assert.Contains("Detach", refusal.Hint, StringComparison.Ordinal);

        await app.QueryAsync("ALTER TABLE reading DETACH PARTITION week; SELECT 1");
        await app.StoreAsync(events);
        Assert.Equal("reading_2026_03 1", await PartitionsAsync());
    }

    private Task<string> PartitionsAsync() => app.QueryAsync(
        "SELECT tableoid::regclass::text AS name, count(*) FROM reading GROUP BY name ORDER BY name");

    private Task<string> SortedReadingsAsync() => app.QueryAsync("""
        SELECT sensor || '/' || metric, to_char(time AT TIME ZONE 'UTC', 'MM-DD HH24:MI:SS'), value, quality
        FROM readings ORDER BY sensor, metric, time
        """);
}
