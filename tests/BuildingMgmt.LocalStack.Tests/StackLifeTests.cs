using Azure.Data.Tables;
using BuildingMgmt.LocalStack.Data;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.LocalStack.Tests;

/// <summary>One data folder through the life of several stacks.</summary>
public sealed class StackLifeTests : IDisposable
{
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Data_outlives_an_ordered_stop_and_a_kill_and_a_dead_service_is_named()
    {
        var first = await StartAsync();
        await WriteAsync(first.Run, "before the stop");
        Assert.Equal(0, await first.StopAsync());
        Assert.False(File.Exists(first.RunFilePath), "run.json says that the system runs");
        Assert.DoesNotContain("Unhandled exception", first.Process.LastLines, StringComparison.Ordinal);

        var second = await StartAsync();
        Assert.Equal(["before the stop"], await ReadAsync(second.Run));
        Assert.Equal(first.Run.Users, second.Run.Users);
        Assert.Equal(first.Run.Http, second.Run.Http);
        Assert.Equal("before the stop", await ReadTableAsync(second.Run));
        await WriteAsync(second.Run, "before the kill");
        await second.KillAsync();

        var third = await StartAsync();
        Assert.Equal(["before the kill", "before the stop"], await ReadAsync(third.Run));
        var services = third.Processes();
        var azuriteId = services.Single(service => service.Name == "azurite").Identity.ProcessId;
        using (var azurite = System.Diagnostics.Process.GetProcessById(azuriteId))
            azurite.Kill();
        Assert.Equal(1, await third.EndedAsync());
        Assert.Contains("\"azurite\" ended with exit code 137", third.Process.LastLines, StringComparison.Ordinal);
        Assert.DoesNotContain(services, service => service.Identity.IsRunning());
    }

    private static async Task WriteAsync(RunFile run, string name)
    {
        await using var source = NpgsqlDataSource.Create(run.Postgres);
        await using var insert = source.CreateCommand(
            "INSERT INTO building (building_id, name, time_zone) VALUES (gen_random_uuid(), $1, 'UTC')");
        insert.Parameters.Add(new() { Value = name });
        await insert.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var table = new TableClient(run.Storage, "life");
        await table.CreateIfNotExistsAsync(TestContext.Current.CancellationToken);
        await table.UpsertEntityAsync(
            new TableEntity("life", "1") { ["Name"] = name }, cancellationToken: TestContext.Current.CancellationToken);
    }

    private static async Task<List<string>> ReadAsync(RunFile run)
    {
        await using var source = NpgsqlDataSource.Create(run.Postgres);
        await using var select = source.CreateCommand("SELECT name FROM building ORDER BY name");
        await using var reader = await select.ExecuteReaderAsync(TestContext.Current.CancellationToken);
        var names = new List<string>();
        while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            names.Add(reader.GetString(0));
        return names;
    }

    private static async Task<string> ReadTableAsync(RunFile run)
    {
        var entity = await new TableClient(run.Storage, "life").GetEntityAsync<TableEntity>(
            "life", "1", cancellationToken: TestContext.Current.CancellationToken);
        return entity.Value.GetString("Name");
    }

    private Task<RunningStack> StartAsync() => RunningStack.StartAsync(folder.File("data"), ["--no-demo"]);
}
