using BuildingMgmt.LocalRuntime.Durable.Store;
using Microsoft.Extensions.Time.Testing;
using static BuildingMgmt.LocalRuntime.Tests.Durable.Store.StoreCalls;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>What another build has written, or the database has lost: it stands still, and the others go on.</summary>
public sealed class PostgresUnreadableTests(PostgresStores stores) : IClassFixture<PostgresStores>
{
    private const string InstanceOf = "(SELECT key FROM durable.instance JOIN durable.hub USING (hub) WHERE hub.name = $1 AND id = $2)";

    private readonly string _hub = stores.NewHub();
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Instances_with_such_messages_take_no_room_from_the_others_and_are_asked_again_later()
    {
        var (store, worker) = await EnterAsync();
        foreach (var id in (string[])["bad-1", "bad-2", "good"])
            await store.CreateAsync(id, worker);
        await DamageAsync("message", "payload", "bad-1");
        await DamageAsync("message", "payload", "bad-2");

        Assert.Equal("good", await TakeUntilAnyAsync());
        Assert.Equal(2L, await stores.ScalarAsync<long>(
            "SELECT count(*) FROM durable.instance JOIN durable.hub USING (hub) WHERE hub.name = $1 AND owner < 0", _hub));
        await stores.ExecuteAsync("UPDATE durable.message SET payload = old FROM damaged WHERE damaged.instance = message.instance");
        _time.Advance(TimeSpan.FromMinutes(2));
        Assert.StartsWith("bad-", await TakeUntilAnyAsync("good"), StringComparison.Ordinal);

        async Task<string> TakeUntilAnyAsync(params string[] busy)
        {
            for (var take = 0; take < 3; take++)
            {
                if ((await store.TakeAsync(worker, instances: 1, busy: busy)).Instances is [var taken])
                    return taken.InstanceId;
            }

            return "nothing";
        }
    }

    [Fact]
    public async Task Activities_with_such_inputs_take_no_room_from_the_others()
    {
        var (store, worker) = await EnterAsync();
        await store.CreateAsync("bad", worker);
        await store.CommitAsync(worker, (await store.TakeOneAsync(worker)).Step() with { Activities = [Activity(1), Activity(2)] });
        await DamageAsync("work", "input", "bad");
        await store.CreateAsync("good", worker);
        await store.CommitAsync(worker, (await store.TakeOneAsync(worker)).Step() with { Activities = [Activity(3)] });

        var given = new List<ActivityWork>();
        for (var take = 0; take < 3; take++)
            given.AddRange((await store.TakeAsync(worker, instances: 0, activities: 1)).Activities);

        Assert.Equal(3, Assert.Single(given).TaskId);
    }

    [Fact]
    public async Task Instance_with_such_a_history_takes_no_room_from_the_others()
    {
        var (store, worker) = await EnterAsync();
        await store.CreateAsync("bad", worker);
        await store.CommitAsync(worker, (await store.TakeOneAsync(worker)).Step());
        await DamageAsync("history", "payload", "bad");
        await store.RaiseAsync("bad");
        await store.CreateAsync("good", worker);

        Assert.Equal("bad", Assert.Single((await store.TakeAsync(worker, instances: 1)).Instances).InstanceId);
        Assert.Equal("good", Assert.Single(await store.LoadAsync(worker, ["bad", "good"], Token)).InstanceId);
        Assert.Equal("good", Assert.Single((await store.TakeAsync(worker, instances: 1)).Instances).InstanceId);
    }

    [Fact]
    public async Task Instance_that_replaces_such_a_one_is_taken_at_once()
    {
        var (store, worker) = await EnterAsync();
        await store.CreateAsync("a", worker);
        await DamageAsync("message", "payload", "a");
        Assert.Empty((await store.TakeAsync(worker)).Instances);

        Assert.Equal(CreateResult.Created, await store.CreateAsync("a", worker, 6));
        await store.TakeOneAsync(worker);
    }

    private async Task<(PostgresDurableStore Store, long Worker)> EnterAsync()
    {
        var store = await stores.OpenAsync(_hub, time: _time);
        return (store, await store.EnterAsync(Token));
    }

    private async Task DamageAsync(string table, string column, string id)
    {
        await stores.ExecuteAsync("CREATE TABLE IF NOT EXISTS damaged (instance bigint, old bytea)");
        await stores.ExecuteAsync($"INSERT INTO damaged SELECT instance, {column} FROM durable.{table} WHERE instance = {InstanceOf}", _hub, id);
        await stores.ExecuteAsync($"UPDATE durable.{table} SET {column} = '\\x09'::bytea WHERE instance = {InstanceOf}", _hub, id);
    }
}
