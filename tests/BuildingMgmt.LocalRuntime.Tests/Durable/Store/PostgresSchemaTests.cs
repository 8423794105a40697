using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using static BuildingMgmt.LocalRuntime.Tests.Durable.Store.StoreCalls;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

public sealed class PostgresSchemaTests(PostgresFixture postgres) : IAsyncLifetime
{
    private TestDatabase? database;
    private NpgsqlDataSource? source;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateEmptyDatabaseAsync();
        source = NpgsqlDataSource.Create(database.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await source!.DisposeAsync();
        await database!.DisposeAsync();
    }

    [Fact]
    public async Task Processes_that_open_a_fresh_database_at_once_find_one_hub()
    {
        var opened = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => OpenAsync(source!)));
        var worker = await opened[0].EnterAsync(Token);
        await opened[3].CreateAsync("a");
        Assert.Equal("a", (await opened[0].TakeOneAsync(worker)).InstanceId);
        Assert.Equal(1L, await ScalarAsync<long>("SELECT count(*) FROM durable.hub"));
        Assert.True(await ScalarAsync<bool>("SELECT count(*) = max(version) FROM durable.schema_version"));
        foreach (var store in opened)
            await store.DisposeAsync();
    }

    [Fact]
    public async Task Schema_of_a_later_version_is_left_as_it_is()
    {
        await (await OpenAsync(source!)).DisposeAsync();
        await ScalarAsync<int>("INSERT INTO durable.schema_version (version) VALUES (999) RETURNING version");
        await using var store = await OpenAsync(source!);
        Assert.Equal(CreateResult.Created, await store.CreateAsync("a"));
    }

    [Fact]
    public async Task Schema_that_is_lost_under_a_running_process_is_made_again()
    {
        await using var store = await OpenAsync(source!);
        var worker = await store.EnterAsync(Token);
        await store.CreateAsync("a", worker);
        await ScalarAsync<int>("DROP SCHEMA durable CASCADE; SELECT 1");

        Assert.False(await store.RenewAsync(worker, Token));
        await ScalarAsync<int>("DROP SCHEMA durable CASCADE; SELECT 1");
        Assert.Null(await store.GetAsync("a", withPayloads: true, Token));
        await store.CreateAsync("a", await store.EnterAsync(Token));
        Assert.Equal("a", Assert.Single(await store.QueryAsync(new([], 10), Token)).InstanceId);
    }

    [Fact]
    public async Task Hub_is_the_same_whatever_the_case_of_its_name()
    {
        await using var store = await OpenAsync(source!, "BuildingHub");
        await using var same = await OpenAsync(source!, "buildinghub");
        await using var other = await OpenAsync(source!, "BuildingHub2");

        await store.CreateAsync("a");

        Assert.NotNull(await same.GetAsync("a", withPayloads: false, Token));
        Assert.Null(await other.GetAsync("a", withPayloads: false, Token));
    }

    [Fact]
    public async Task Role_that_may_only_read_and_write_the_tables_is_enough()
    {
        await (await OpenAsync(source!)).DisposeAsync();
        var role = $"durable_{database!.Name}";
        await ScalarAsync<object>($"""
            CREATE ROLE {role} LOGIN PASSWORD 'least';
            GRANT USAGE ON SCHEMA durable TO {role};
            GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA durable TO {role};
            SELECT 1
            """);
        await using (var least = NpgsqlDataSource.Create(
            new NpgsqlConnectionStringBuilder(database.ConnectionString) { Username = role, Password = "least", Pooling = false }.ConnectionString))
        {
            await using var store = await OpenAsync(least);
            var worker = await store.EnterAsync(Token);
            await store.CreateAsync("a", worker);
            var step = (await store.TakeOneAsync(worker)).Step() with { Activities = [Activity(1)], Children = [new("b", Start())] };
            Assert.True((await store.CommitAsync(worker, step)).Accepted);
            Assert.True(await store.RaiseAsync("a"));
            Assert.True((await store.CommitAsync(worker, (await store.TakeAsync(worker)).Instances.Single(one => one.InstanceId == "a").End())).Accepted);
            Assert.Equal(1, await store.PurgeAsync("a", recursive: true, Token));
            await store.LeaveAsync(worker, Token);
        }
    }

    [Fact]
    public async Task Statements_are_prepared_where_the_session_is_ones_own()
    {
        await using (var direct = await PostgresConnections.OpenAsync(database!.ConnectionString, Token))
            Assert.Equal(50, new NpgsqlConnectionStringBuilder(direct.ConnectionString).MaxAutoPrepare);
        await using (var chosen = await PostgresConnections.OpenAsync(database.ConnectionString + ";Max Auto Prepare=0", Token))
            Assert.Equal(0, new NpgsqlConnectionStringBuilder(chosen.ConnectionString).MaxAutoPrepare);
    }

    private static Task<PostgresDurableStore> OpenAsync(NpgsqlDataSource over, string hub = "hub") =>
        PostgresDurableStore.OpenAsync(over, hub, TimeProvider.System, NullLogger.Instance, Token);

    private async Task<T> ScalarAsync<T>(string sql)
    {
        await using var command = source!.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync(Token))!;
    }
}
