using BuildingMgmt.Simulator.Catalogue;
using BuildingMgmt.Simulator.Tests.Replay;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Simulator.Tests.Catalogue;

public sealed class BuildingImportTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Demo_building_imported_twice_is_one_building_with_the_same_secrets()
    {
        using var folder = new ScratchFolder();
        await using var database = await postgres.CreateDatabaseAsync(Token);
        var first = await ImportAsync("demo", database.ConnectionString, folder.File("secrets.json"));
        var second = await ImportAsync("demo", database.ConnectionString, folder.File("secrets.json"));

        Assert.Equal(first, second);
        Assert.Equal("1 buildings, 4 floors, 245 sensors, 4 gateways", await CountAsync(database.ConnectionString));
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.File("secrets.json")));
    }

    [Fact]
    public async Task A_data_set_may_hold_several_buildings_and_its_secrets_stand_beside_those_of_others()
    {
        using var folder = new ScratchFolder();
        using var files = SmallDataSet.Create();
        await using var database = await postgres.CreateDatabaseAsync(Token);
        var demo = await ImportAsync("demo", database.ConnectionString, folder.File("secrets.json"));
        var both = await ImportAsync(files.Folder, database.ConnectionString, folder.File("secrets.json"));

        Assert.StartsWith(demo[..demo.LastIndexOf(']')].TrimEnd(), both, StringComparison.Ordinal);
        Assert.Contains("\"replay-oak-house\"", both, StringComparison.Ordinal);
        Assert.Equal("3 buildings, 7 floors, 250 sensors, 6 gateways", await CountAsync(database.ConnectionString));
    }

    [Fact]
    public async Task An_unknown_time_zone_and_a_database_that_is_away_are_said_to_the_user()
    {
        using var folder = new ScratchFolder();
        using var files = SmallDataSet.Create();
        var zone = await Assert.ThrowsAsync<CommandException>(() => BuildingImport.RunAsync(
            files.Folder, "Europe/Atlantis", "Host=127.0.0.1", folder.File("secrets.json"), TextWriter.Null, Token));
        Assert.Contains("Europe/Atlantis", zone.Message, StringComparison.Ordinal);

        var away = await Assert.ThrowsAsync<CommandException>(() => BuildingImport.RunAsync(
            files.Folder, "UTC", "Host=127.0.0.1;Port=1;Timeout=3", folder.File("secrets.json"), TextWriter.Null, Token));
        Assert.StartsWith("The catalogue was not changed", away.Message, StringComparison.Ordinal);
    }

    private static async Task<string> ImportAsync(string source, string connectionString, string secrets)
    {
        await BuildingImport.RunAsync(source, "UTC", connectionString, secrets, TextWriter.Null, Token);
        return await File.ReadAllTextAsync(secrets, Token);
    }

    private static async Task<string> CountAsync(string connectionString)
    {
        const string sql = """
            SELECT format('%s buildings, %s floors, %s sensors, %s gateways',
                (SELECT count(*) FROM building), (SELECT count(*) FROM floor), (SELECT count(*) FROM sensor), (SELECT count(*) FROM gateway))
            """;
        await using var dataSource = NpgsqlDataSource.Create(connectionString);
        await using var command = dataSource.CreateCommand(sql);
        return (string)(await command.ExecuteScalarAsync(Token))!;
    }
}
