using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Catalogue;

/// <summary>What the catalogue in memory learns of changes that somebody else makes in PostgreSQL, and that it reads no more than those.</summary>
public sealed class CatalogueChangeTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly Guid Changed = TestBuilding.Sensor(0, 1);
    private static readonly Guid Untouched = TestBuilding.Sensor(1, 2);

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
    public async Task Every_kind_of_change_is_seen_and_reads_what_has_changed_only()
    {
        var untouched = Sensor(await LookAsync(), Untouched);
        var temperature = Sensor(await LookAsync(), Changed).Points[0].PointId;

        var renamed = await AfterAsync($"UPDATE sensor SET name = 'a first one', status = 'maintenance' WHERE sensor_id = '{Changed}'");
        Assert.Equal(["a first one", "sensor 0", "sensor 2", "sensor 3", "sensor 4"], Names(renamed, 0));
        Assert.Equal(SensorStatus.Maintenance, Sensor(renamed, Changed).Status);

        var ranged = await AfterAsync($"UPDATE point SET plausible_max = 7, unit = 'K', interval_s = 5 WHERE point_id = {temperature}");
        var point = Sensor(ranged, Changed).Points[0];
        Assert.Equal((temperature, 7, "K", 5), (point.PointId, point.PlausibleMax, point.Unit, point.IntervalSeconds));

        var measured = await AfterAsync($"INSERT INTO point (sensor_id, metric) VALUES ('{Changed}', 'höhe')");
        Assert.True(Sensor(measured, Changed).TryFindPoint("höhe"u8, out var height));
        Assert.True(measured.TryGetSensorOfPoint(height.PointId, out var sensorOfPoint));
        Assert.Same(height.Sensor, sensorOfPoint);
        Assert.Equal((Changed, "höhe"), (sensorOfPoint.SensorId, height.Metric));

        var moved = await AfterAsync($"UPDATE sensor SET floor_id = '{TestBuilding.Floor(1)}', name = 'moved' WHERE sensor_id = '{Changed}'");
        Assert.Equal(["sensor 0", "sensor 2", "sensor 3", "sensor 4"], Names(moved, 0));
        Assert.Equal("moved", Names(moved, 1)[0]);
        Assert.Equal(TestBuilding.Floor(1), moved.FloorOf(Sensor(moved, Changed)).FloorId);

        var zoned = await AfterAsync($"""
            INSERT INTO zone VALUES (gen_random_uuid(), '{TestBuilding.Floor(1)}', 'Lobby');
            UPDATE sensor SET zone_id = (SELECT zone_id FROM zone) WHERE sensor_id = '{Changed}';
            UPDATE zone SET name = 'Hall'
            """);
        Assert.Equal("Hall", Sensor(zoned, Changed).Zone?.Name);

        var clock = await AfterAsync("UPDATE building SET time_zone = 'Asia/Tokyo', raw_retention_days = 9 WHERE name = 'Tower'");
        var building = clock.FloorOf(Sensor(clock, Changed)).Building;
        Assert.Equal(("Asia/Tokyo", 9), (building.TimeZone, building.RawRetentionDays));
        Assert.True(clock.FindSender("gw"u8)!.MaySendFor(building));

        var left = await AfterAsync("UPDATE gateway SET active = false WHERE gateway_id = 'gw'");
        Assert.False(left.FindSender("gw"u8)!.IsActive);

        var fewer = await AfterAsync($"DELETE FROM point WHERE point_id = {height.PointId}");
        Assert.False(Sensor(fewer, Changed).TryFindPoint("höhe"u8, out _));
        Assert.False(fewer.TryGetSensorOfPoint(height.PointId, out _));
        var points = fewer.PointCount;

        var gone = await AfterAsync($"DELETE FROM point WHERE sensor_id = '{Changed}'; DELETE FROM sensor WHERE sensor_id = '{Changed}'");
        Assert.False(gone.TryGetSensor(Changed, out _));
        Assert.False(gone.TryGetSensorOfPoint(temperature, out _));
        Assert.Equal(points - 3, gone.PointCount);
        Assert.DoesNotContain("moved", Names(gone, 1));

        // None of it made another object of a sensor that was not changed, as reading everything does.
        Assert.Same(untouched, Sensor(gone, Untouched));
        Assert.Contains(gone.Floors, floor => floor.Sensors.Contains(untouched));
    }

    [Fact]
    public async Task Change_that_began_first_and_is_committed_last_is_not_missed()
    {
        await LookAsync();
        await using var early = await app.Postgres.OpenConnectionAsync(Token);
        await ExecuteAsync(early, "BEGIN; CREATE TABLE taken_number AS SELECT pg_current_xact_id()");
        Assert.Equal("later", Sensor(await AfterAsync(Rename(Untouched, "later")), Untouched).Name);

        await ExecuteAsync(early, Rename(Changed, "early"));
        await using var waiting = await app.Postgres.OpenConnectionAsync(Token);
        var last = ExecuteAsync(waiting, Rename(TestBuilding.Sensor(0, 3), "last"));
        Assert.NotEqual("early", Sensor(await LookAsync(), Changed).Name);
        await ExecuteAsync(early, "COMMIT");
        await last;
        var both = await LookAsync();
        Assert.Equal(("early", "last"), (Sensor(both, Changed).Name, Sensor(both, TestBuilding.Sensor(0, 3)).Name));
    }

    [Theory]
    [InlineData("UPDATE catalogue_version SET stamp = gen_random_uuid()")]
    [InlineData("UPDATE catalogue_change SET stamp = gen_random_uuid()")]
    [InlineData("DELETE FROM catalogue_change WHERE version < (SELECT max(version) FROM catalogue_change)")]
    [InlineData("UPDATE catalogue_change SET sensor_ids = NULL WHERE version = (SELECT max(version) FROM catalogue_change)")]
    public async Task Everything_is_read_when_the_record_does_not_lead_from_what_is_known_to_what_is_there(string lost)
    {
        var untouched = Sensor(await LookAsync(), Untouched);
        var after = await AfterAsync($"{Rename(Changed, "as restored")}; {lost}");
        Assert.Equal("as restored", Sensor(after, Changed).Name);
        Assert.NotSame(untouched, Sensor(after, Untouched));

        var next = await AfterAsync(Rename(Changed, "and then changed"));
        Assert.Equal("and then changed", Sensor(next, Changed).Name);
    }

    [Fact]
    public async Task Statement_that_changes_nothing_is_no_change_and_one_that_changes_much_names_no_sensors()
    {
        var before = await LookAsync();
        Assert.Same(before, await AfterAsync("UPDATE sensor SET type = type; UPDATE point SET unit = unit; DELETE FROM point WHERE false"));
        await app.QueryAsync($"""
            INSERT INTO sensor (sensor_id, floor_id, name, type)
            SELECT gen_random_uuid(), '{TestBuilding.Floor(0)}', 'many ' || number, 'climate' FROM generate_series(1, 2001) AS number
            RETURNING 1
            """);
        Assert.Equal("True", await app.QueryAsync("SELECT sensor_ids IS NULL FROM catalogue_change ORDER BY version DESC LIMIT 1"));
        Assert.Equal(2_006, Names(await LookAsync(), 0).Length);
    }

    [Fact]
    public async Task Record_of_changes_keeps_the_newest_ten_thousand()
    {
        await app.QueryAsync($"""
            INSERT INTO catalogue_change SELECT number, gen_random_uuid(), false FROM generate_series(1000, 12099) AS number;
            UPDATE catalogue_version SET version = 12099;
            {Rename(Changed, "another")};
            SELECT 1
            """);
        Assert.Equal("2101 10000", await app.QueryAsync("SELECT min(version), count(*) FROM catalogue_change"));
    }

    private static string Rename(Guid sensorId, string name) => $"UPDATE sensor SET name = '{name}' WHERE sensor_id = '{sensorId}'";

    private static CatalogueSensor Sensor(CatalogueSnapshot snapshot, Guid sensorId)
    {
        Assert.True(snapshot.TryGetSensor(sensorId, out var sensor));
        return sensor;
    }

    private static string[] Names(CatalogueSnapshot snapshot, int floorNumber)
    {
        Assert.True(snapshot.TryGetFloor(TestBuilding.Floor(floorNumber), out var floor));
        return [.. floor.Sensors.Select(sensor => sensor.Name)];
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Token);
    }

    private async Task<CatalogueSnapshot> AfterAsync(string sql)
    {
        await app.QueryAsync($"{sql}; SELECT 1");
        return await LookAsync();
    }

    private Task<CatalogueSnapshot> LookAsync() => app.Get<CatalogueCache>().RefreshAsync(Token);
}
