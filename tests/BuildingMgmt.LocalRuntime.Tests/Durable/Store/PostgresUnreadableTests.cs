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
    public async Task Of_a_history_that_is_too_large_only_the_first_step_is_read()
    {
        var (store, worker) = await EnterAsync();
        foreach (var id in (string[])["large", "small"])
        {
            await store.CreateAsync(id, worker);
            await store.CommitAsync(worker, (await store.TakeOneAsync(worker)).Step());
        }

        await stores.ExecuteAsync(
            $"INSERT INTO durable.history SELECT {InstanceOf}, n, decode(repeat('00', 100), 'hex') FROM generate_series(11, 20) AS n", _hub, "large");
        store.HistoryBytesMax = 1_000;

        var loaded = await store.LoadAsync(worker, ["large", "small"], Token);

        Assert.Equal(["large", "small"], loaded.Select(history => history.InstanceId));
        Assert.InRange(loaded[0].TooLarge!.Value, 1_001, 1_999);
        Assert.Null(loaded[1].TooLarge);
        Assert.All(loaded, history => Assert.Equal(2, history.Events.Count));
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

    [Fact]
    public async Task Instance_with_such_payloads_is_listed_with_the_others_and_named_when_it_is_asked_for()
    {
        var (store, _) = await EnterAsync();
        foreach (var id in (string[])["a", "b", "c"])
            await store.CreateAsync(new(id, Start("\"in\"")), null, [], Token);
        await stores.ExecuteAsync($"UPDATE durable.instance SET input = '\\x09'::bytea WHERE key = {InstanceOf}", _hub, "b");

        var listed = await store.QueryAsync(new([], 10, WithPayloads: true), Token);
        var asked = await Assert.ThrowsAsync<InvalidDataException>(() => store.GetAsync("b", withPayloads: true, Token));

        Assert.Equal([("a", "\"in\""), ("b", null), ("c", "\"in\"")], listed.Select(state => (state.InstanceId, state.Input)));
        Assert.Contains("\"b\"", asked.Message, StringComparison.Ordinal);
        Assert.NotNull(await store.GetAsync("b", withPayloads: false, Token));
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
