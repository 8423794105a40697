using Azure;
using Azure.Data.Tables;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.LatestValues;
using BuildingMgmt.Functions.Postgres;
using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.LatestValues;

public sealed class LatestValueStoreTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly string tableName = IngestApp.NewTableName();
    private TestDatabase database = null!;
    private IngestApp app = null!;
    private TableClient table = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        app = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString, tableName);
        table = new TableClient(azurite.ConnectionString, tableName);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Two_instances_writing_one_floor_at_once_end_with_the_newest_of_both()
    {
        await using var other = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString, tableName);
        IngestApp[] apps = [app, other];
        await Task.WhenAll(apps.Select(async (writer, number) =>
        {
            for (var minute = 0; minute < 30; minute++)
            {
                var readings = Enumerable.Range(0, 5).Select(sensor => Batch.Co2(sensor, $"11:{minute:00}:{(minute + number + sensor) % 2:00}", minute * 2 + number));
                await writer.Ingest.StoreAsync(
                    writer.Events(Batch.From($"gw{number}", [.. readings])), new("telemetry", $"{number}"), Token);
            }
        }));
        await app.AssertLatestAsync();
        Assert.Equal("150", await app.QueryAsync("SELECT count(DISTINCT (point_id, date_trunc('minute', time))) FROM reading"));
    }

    [Fact]
    public async Task Writes_that_wait_for_each_other_are_merged_into_few()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:00:00", 1)));
        var writes = 0;
        using var counting = app.Get<LatestValueChanges>().Subscribe((_, _) => Interlocked.Increment(ref writes));
        var catalogue = await app.Get<CatalogueCache>().GetAsync(Token);
        var writer = app.Get<LatestValueWriter>();
        var point = catalogue.Floors.Single(floor => floor.FloorId == TestBuilding.Floor(0)).Sensors[0].Points[0].PointId;
        await Task.WhenAll(Enumerable.Range(1, 500).Select(number => writer.WriteAsync(
            [new LatestValue(point, 1_773_144_000_000_000 + number, number, ReadingQuality.Good)], catalogue, Token)));
        Assert.InRange(writes, 1, 100);
        Assert.StartsWith("sensor 0/temperature 500 0", await app.LatestAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Lost_table_is_made_again_and_all_floors_are_repaired_at_once()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:58:00", 1), Batch.Co2(0, "11:58:00", 2, floor: 1)));
        using var stop = new CancellationTokenSource();
        var repair = app.Get<LatestValueRepair>();
        await repair.StartAsync(stop.Token);
        await table.DeleteAsync(Token);

        // The one write brings back what this process knows of its floor, and tells that something is lost.
        await app.StoreAsync(Batch.Of(Batch.Co2(1, "11:59:00", 3)));
        Assert.Equal("sensor 0/co2 1 0, sensor 1/co2 3 0", await app.LatestAsync());
        await Eventually.TrueAsync(async () => await app.LatestAsync(1) == "sensor 0/co2 2 0", TimeSpan.FromSeconds(20), "floor 1 is repaired", Token);
        await repair.StopAsync(Token);
    }

    [Fact]
    public async Task Instance_that_starts_and_cannot_read_a_later_builds_schema_says_so_once_and_repairs_when_it_can()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:58:00", 1)));
        await table.DeleteAsync(Token);
        await app.QueryAsync("ALTER TABLE point ALTER interval_s TYPE double precision; SELECT 1");
        await using var other = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString, tableName);
        var repair = other.Get<LatestValueRepair>();
        await repair.StartAsync(Token);
        var failures = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                other.Time.Advance(TimeSpan.FromSeconds(5));
                await Assert.ThrowsAsync<InvalidCastException>(() => other.Get<CatalogueCache>().GetAsync(Token).AsTask());
                return ++failures >= 3 && other.Log.Of(LogEvents.LatestValuesRepairFailed).Count > 0;
            },
            TimeSpan.FromSeconds(20),
            "it is logged",
            Token);

        await app.QueryAsync("ALTER TABLE point ALTER interval_s TYPE integer; SELECT 1");
        await Eventually.TrueAsync(
            async () =>
            {
                other.Time.Advance(TimeSpan.FromSeconds(5));
                return await app.LatestAsync() == "sensor 0/co2 1 0";
            },
            TimeSpan.FromSeconds(20),
            "floor 0 is repaired",
            Token);
        Assert.Single(other.Log.Of(LogEvents.LatestValuesRepairFailed));
        await repair.StopAsync(Token);
    }

    [Fact]
    public async Task Entity_that_fell_back_to_an_older_state_is_brought_forward()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:57:00", 1), Batch.Co2(1, "11:57:00", 1)));
        var old = (await table.GetEntityAsync<TableEntity>(TestBuilding.Floor(0).ToString(), "latest", null, Token)).Value;
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:58:00", 2), Batch.Co2(2, "11:58:00", 2)));
        await table.UpdateEntityAsync(old, ETag.All, TableUpdateMode.Replace, Token);

        await app.StoreAsync(Batch.Of(Batch.Co2(1, "11:59:00", 3)));
        Assert.Equal("sensor 0/co2 2 0, sensor 1/co2 3 0, sensor 2/co2 2 0", await app.LatestAsync());
    }

    [Fact]
    public async Task Repair_finds_what_no_writer_noticed_and_keeps_what_is_newer()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:58:00", 1), Batch.Co2(1, "11:58:00", 1)));
        // Stored by an instance that was killed before it wrote the latest values; and a newer one that only the table has.
        await app.QueryAsync("""
            INSERT INTO reading (point_id, time, value, quality)
            SELECT point_id, '2026-03-10T11:59:00Z', 2, 0 FROM point JOIN sensor USING (sensor_id) JOIN floor USING (floor_id) JOIN building USING (building_id)
            WHERE metric = 'co2' AND building.name = 'Tower' AND sensor.name = 'sensor 0' AND floor.name = 'floor 0' RETURNING 1
            """);
        var catalogue = await app.Get<CatalogueCache>().GetAsync(Token);
        Assert.True(catalogue.TryGetSensor(TestBuilding.Sensor(0, 1), out var sensor));
        await app.Get<LatestValueWriter>().WriteAsync(
            [new LatestValue(sensor.Points.Single(point => point.Metric == "co2").PointId, 1_773_144_000_000_000, 9, ReadingQuality.Good)], catalogue, Token);

        await using var other = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString, tableName);
        Assert.Equal(1, await other.Get<LatestValueRepair>().RepairAllAsync(Token));
        Assert.Equal("sensor 0/co2 2 0, sensor 1/co2 9 0", await app.LatestAsync());
        Assert.Equal(0, await other.Get<LatestValueRepair>().RepairAllAsync(Token));
    }

    [Fact]
    public async Task Repair_timer_walks_all_floors_in_bounded_runs()
    {
        // Each of its floors has more points than a run compares; it comes behind the 33 points of the other buildings, by name.
        var wide = new BuildingSpec(StableId.Create("wide"), "Wide", "Etc/UTC", [WideFloor("east"), WideFloor("west")], [new GatewaySpec("wide", "a secret of the tests")]);
        await CatalogueImport.ImportAsync(app.Postgres, wide, Token);
        await app.StoreAsync(
            Batch.Of(Batch.Co2(0, "11:58:00", 1), Batch.Co2(0, "11:58:00", 2, floor: 1)),
            Batch.From(
                "wide",
                Batch.Reading(StableId.Create("east"), "11:58:00", "\"metric 0\":3"),
                Batch.Reading(StableId.Create("west"), "11:58:00", "\"metric 0\":4")));
        await table.DeleteAsync(Token);

        await using var other = await IngestApp.StartAsync(
            database.ConnectionString, azurite.ConnectionString, tableName, ("LatestValues:RepairPointsPerRunMax", "100"));
        var repair = other.Get<LatestValueRepair>();
        Assert.Equal(3, await repair.RepairSomeAsync(Token));
        Assert.Equal(1, await repair.RepairSomeAsync(Token));
        Assert.Equal(0, await repair.RepairSomeAsync(Token));
        await app.AssertLatestAsync();
    }

    [Fact]
    public async Task Correction_is_seen_by_a_writer_that_knows_the_older_value()
    {
        await using var other = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString, tableName);
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:58:00", 1)));
        await other.Ingest.StoreAsync(other.Events(Batch.Correcting(Batch.Co2(0, "11:58:00", 2))), new("telemetry", "9"), Token);
        Assert.Equal("sensor 0/co2 2 0", await app.LatestAsync());
        await app.StoreAsync(Batch.Of(Batch.Co2(1, "11:58:00", 3)));
        Assert.Equal("sensor 0/co2 2 0, sensor 1/co2 3 0", await app.LatestAsync());
    }

    [Fact]
    public async Task Reader_answers_from_postgresql_while_the_entity_is_missing_or_damaged()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:58:00", 1)));
        var reader = app.Get<LatestValueReader>();
        await table.UpsertEntityAsync(new TableEntity(TestBuilding.Floor(0).ToString(), "latest") { ["Format"] = 1, ["P0"] = new byte[5] }, TableUpdateMode.Replace, Token);
        Assert.Equal(1, (await reader.ReadFloorAsync(TestBuilding.Floor(0), Token))[0].Value);
        await table.DeleteAsync(Token);
        Assert.Equal(1, (await reader.ReadFloorAsync(TestBuilding.Floor(0), Token))[0].Value);
        Assert.Equal(0, (await reader.ReadFloorAsync(Guid.NewGuid(), Token)).Count);
    }

    [Fact]
    public async Task Reader_that_answers_from_postgresql_takes_no_connection_from_ingest_and_repair()
    {
        await using var narrow = await IngestApp.StartAsync(
            database.ConnectionString, azurite.ConnectionString, tableName, ("Postgres:BatchPoolSize", "1"));
        await narrow.StoreAsync(Batch.Of(Batch.Co2(0, "11:58:00", 1)));
        await table.DeleteAsync(Token);
        await using var inUse = await narrow.Get<PostgresPools>().Batch.OpenConnectionAsync(Token);
        Assert.Equal(1, (await narrow.Get<LatestValueReader>().ReadFloorAsync(TestBuilding.Floor(0), Token))[0].Value);
    }

    private static FloorSpec WideFloor(string name) => new(
        StableId.Create($"floor {name}"),
        name,
        [new SensorSpec(
            StableId.Create(name), name, "climate", null, [.. Enumerable.Range(0, 110).Select(number => new PointSpec($"metric {number}", "", null, null, 60))])]);
}
