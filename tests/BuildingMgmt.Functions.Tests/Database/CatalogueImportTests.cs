using BuildingMgmt.Database;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Database;

public class CatalogueImportTests(PostgresFixture postgres) : IAsyncLifetime
{
    private static readonly BuildingSpec Building = new(
        StableId.Create("building/import"),
        "Import",
        "Europe/Amsterdam",
        [
            new FloorSpec(StableId.Create("building/import/floor/0"), "0",
            [
                new SensorSpec(StableId.Create("building/import/sensor/a"), "a", "climate", "east", [new("temperature", "degC", -30, 60, 60), new("co2", "ppm", null, null, 300)]),
                new SensorSpec(StableId.Create("building/import/sensor/b"), "b", "meter", null, [new("power", "W", 0, null, 60)]),
            ]),
            new FloorSpec(StableId.Create("building/import/floor/1"), "1", []),
        ],
        [new GatewaySpec("import-gateway", "the first secret")]);

    private TestDatabase database = null!;
    private NpgsqlDataSource source = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync(Token);
        source = NpgsqlDataSource.Create(database.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await source.DisposeAsync();
        await database.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Imported_twice_is_the_same_catalogue()
    {
        await CatalogueImport.ImportAsync(source, Building, Token);
        var first = await CatalogueAsync();
        await CatalogueImport.ImportAsync(source, Building, Token);
        Assert.Equal(first, await CatalogueAsync());
        Assert.Equal(
            "Import/0/east/a/co2/ppm///300, Import/0/east/a/temperature/degC/-30/60/60, Import/0/-/b/power/W/0//60",
            string.Join(", ", first.Select(line => line[(line.IndexOf(' ', StringComparison.Ordinal) + 1)..])));
    }

    [Fact]
    public async Task Changed_specification_changes_rows_and_keeps_their_ids()
    {
        await CatalogueImport.ImportAsync(source, Building, Token);
        var before = await CatalogueAsync();
        var sensor = Building.Floors[0].Sensors[0];
        var changed = Building with
        {
            Floors = [Building.Floors[0] with { Sensors = [sensor with { Zone = "west", Points = [sensor.Points[0] with { PlausibleMax = 50 }, new("light", "lx", null, null, 60)] }] }],
        };
        await CatalogueImport.ImportAsync(source, changed, Token);
        var after = await CatalogueAsync();
        Assert.Equal(4, after.Count);
        Assert.Contains(before.Single(line => line.Contains("temperature", StringComparison.Ordinal)).Replace("east", "west", StringComparison.Ordinal).Replace("/60/60", "/50/60", StringComparison.Ordinal), after);
    }

    [Fact]
    public async Task Name_that_another_building_has_is_refused_and_nothing_is_imported()
    {
        await CatalogueImport.ImportAsync(source, Building, Token);
        var before = await CatalogueAsync();
        var exception = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            CatalogueImport.ImportAsync(source, Building with { BuildingId = Guid.NewGuid() }, Token));
        Assert.Contains("Import", exception.Message, StringComparison.Ordinal);
        Assert.Equal(before, await CatalogueAsync());
    }

    [Fact]
    public async Task Gateways_secret_is_stored_as_its_hash_and_can_be_replaced()
    {
        await CatalogueImport.ImportAsync(source, Building, Token);
        Assert.True(GatewaySecret.Verify("the first secret", await SecretHashAsync()));
        await CatalogueImport.ImportAsync(source, Building with { Gateways = [new("import-gateway", "the second secret")] }, Token);
        Assert.True(GatewaySecret.Verify("the second secret", await SecretHashAsync()));
        Assert.False(GatewaySecret.Verify("the first secret", await SecretHashAsync()));
    }

    [Fact]
    public async Task Users_keep_their_hash_until_the_password_changes()
    {
        await UserImport.ImportAsync(source, [new("olga", "one password", "operator")], Token);
        var first = await UserAsync();
        await UserImport.ImportAsync(source, [new("olga", "one password", "operator")], Token);
        Assert.Equal(first, await UserAsync());
        await UserImport.ImportAsync(source, [new("olga", "another password", "viewer")], Token);
        var (hash, roles) = await UserAsync();
        Assert.True(PasswordHash.Verify("another password", hash));
        Assert.Equal("operator,viewer", roles);
    }

    private async Task<List<string>> CatalogueAsync()
    {
        await using var command = source.CreateCommand("""
            SELECT p.point_id || ' ' || b.name || '/' || f.name || '/' || coalesce(z.name, '-') || '/' || s.name || '/' || p.metric || '/' || p.unit
                || '/' || coalesce(p.plausible_min::text, '') || '/' || coalesce(p.plausible_max::text, '') || '/' || p.interval_s
            FROM point p JOIN sensor s USING (sensor_id) JOIN floor f USING (floor_id) JOIN building b USING (building_id) LEFT JOIN zone z USING (zone_id)
            ORDER BY s.name, p.metric
            """);
        await using var reader = await command.ExecuteReaderAsync(Token);
        var lines = new List<string>();
        while (await reader.ReadAsync(Token))
            lines.Add(reader.GetString(0));
        return lines;
    }

    private async Task<byte[]> SecretHashAsync()
    {
        await using var command = source.CreateCommand("SELECT secret_hash FROM gateway WHERE gateway_id = 'import-gateway'");
        return (byte[])(await command.ExecuteScalarAsync(Token))!;
    }

    private async Task<(string Hash, string Roles)> UserAsync()
    {
        await using var command = source.CreateCommand("""
            SELECT password_hash, (SELECT string_agg(role, ',' ORDER BY role) FROM user_grant g WHERE g.username = u.username) FROM app_user u
            """);
        await using var reader = await command.ExecuteReaderAsync(Token);
        Assert.True(await reader.ReadAsync(Token));
        return (reader.GetString(0), reader.GetString(1));
    }
}
