using BuildingMgmt.LocalRuntime.Durable.Store;
using Npgsql;
using static BuildingMgmt.LocalRuntime.Tests.Durable.Store.StoreCalls;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>What PostgreSQL and its driver say, and whose fault it is.</summary>
public sealed class StoreFaultsTests(PostgresStores stores) : IClassFixture<PostgresStores>
{
    [Fact]
    public async Task What_no_column_takes_is_the_datas()
    {
        var (store, worker, taken) = await TakenAsync();
        foreach (var name in new[] { "a\0b", "a\ud800b" })
        {
            var step = taken.Step() with { Activities = [Activity(0) with { Name = name }] };
            for (var attempt = 0; attempt < 3; attempt++)
                Assert.Equal(StoreFault.Data, StoreFaults.Of(await Assert.ThrowsAnyAsync<Exception>(() => store.CommitAsync(worker, step))));
        }

        // The connection that had to do with it is of use to others.
        Assert.True((await store.CommitAsync(worker, taken.Step() with { Activities = [Activity(0)] })).Accepted);
    }

    [Fact]
    public async Task What_no_index_takes_is_the_datas()
    {
        var (store, worker, taken) = await TakenAsync();
        var step = taken.Step() with { Children = [new(Convert.ToHexString(Random.Shared.GetItems([.. "0123456789"u8], 9_000)), Start())] };
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => store.CommitAsync(worker, step));
        Assert.True(StoreFaults.Of(failure) == StoreFault.Data, failure.ToString());
    }

    [Theory]
    [InlineData("SET statement_timeout = 1; SELECT pg_sleep(60)")]
    [InlineData("SET lock_timeout = 1; DO $$ BEGIN RAISE EXCEPTION 'locked' USING ERRCODE = '55P03'; END $$")]
    [InlineData("DO $$ BEGIN RAISE EXCEPTION 'deadlock' USING ERRCODE = '40P01'; END $$")]
    [InlineData("SELECT pg_terminate_backend(pg_backend_pid())")]
    public async Task Time_limits_locks_and_lost_connections_are_nobodys(string sql)
    {
        await using var own = NpgsqlDataSource.Create(stores.ConnectionString + ";Pooling=false");
        await using var command = own.CreateCommand(sql);
        var failure = await Assert.ThrowsAnyAsync<Exception>(() => command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
        Assert.Equal(StoreFault.Passing, StoreFaults.Of(failure));
    }

    private async Task<(IDurableStore Store, long Worker, TakenInstance Taken)> TakenAsync()
    {
        var store = await stores.OpenAsync(stores.NewHub());
        var worker = await store.EnterAsync(TestContext.Current.CancellationToken);
        await store.CreateAsync("a", worker);
        return (store, worker, await store.TakeOneAsync(worker));
    }
}
