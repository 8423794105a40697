using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.Testing.Durable;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

public abstract partial class DurableStoreContract
{
    [Fact]
    public async Task Query_gives_pages_in_the_order_of_ids()
    {
        // An order that no natural language has.
        string[] ids = ["B", "_", "a", "a-1", "a1", "aB", "ab", "b", "ä"];
        foreach (var id in ids.Reverse())
            await CreateAsync(id);

        var found = new List<string>();
        while (found.Count <= ids.Length && await QueryAsync(new([], 4, AfterId: found.LastOrDefault())) is { Length: > 0 } page)
        {
            Assert.True(page.Length <= 4);
            found.AddRange(page);
        }

        Assert.Equal(ids, found);
    }

    [Fact]
    public async Task Query_finds_by_prefix_taken_literally()
    {
        foreach (var id in new[] { "a_1", "a_2", "ab1", "A_1", "%", "a\\b", "a\\c" })
            await CreateAsync(id);

        Assert.Equal(["a_1", "a_2"], await QueryAsync(new([], 10, IdPrefix: "a_")));
        Assert.Equal(["%"], await QueryAsync(new([], 10, IdPrefix: "%")));
        Assert.Equal(["a\\b", "a\\c"], await QueryAsync(new([], 10, IdPrefix: "a\\")));
        Assert.Equal(["a_2"], await QueryAsync(new([], 10, IdPrefix: "a_", AfterId: "a_1")));
        Assert.Equal(["a_1"], await QueryAsync(new([], 1, IdPrefix: "a_")));
        Assert.Empty(await QueryAsync(new([], 10, IdPrefix: "missing")));
    }

    [Fact]
    public async Task Query_finds_by_status()
    {
        var worker = await EnterAsync();
        await RestingAsync(worker, "running");
        await EndedAsync(worker, "completed");
        await EndedAsync(worker, "failed", Statuses.Failed);
        await CreateAsync("pending");

        Assert.Equal(["completed", "failed"], await QueryAsync(new([Statuses.Completed, Statuses.Failed], 10)));
        Assert.Equal(["pending"], await QueryAsync(new([Statuses.Pending], 10)));
        Assert.Equal(4, (await QueryAsync(new([], 10))).Length);
        Assert.Empty(await QueryAsync(new([Statuses.Suspended], 10)));
    }

    [Fact]
    public async Task Query_finds_by_times_of_creation_and_end()
    {
        var worker = await EnterAsync();
        await EndedAsync(worker, "1");
        await PassAsync(TimeSpan.FromHours(1));
        await EndedAsync(worker, "2");
        await PassAsync(TimeSpan.FromHours(1));
        await EndedAsync(worker, "3");
        await CreateAsync("4");
        var (first, second) = (await GetAsync("1"), await GetAsync("2"));

        Assert.Equal(["2", "3", "4"], await QueryAsync(new([], 10, CreatedFrom: second.CreatedAt)));
        Assert.Equal(["1", "2"], await QueryAsync(new([], 10, CreatedTo: second.CreatedAt)));
        Assert.Equal(["1", "2"], await QueryAsync(new([], 10, CreatedFrom: first.CreatedAt, CreatedTo: second.CreatedAt)));
        Assert.Equal(["3", "4"], await QueryAsync(new([], 10, CreatedFrom: second.CreatedAt.AddMinutes(30))));
        Assert.Equal(["2", "3"], await QueryAsync(new([], 10, EndedFrom: second.EndedAt)));
        Assert.Equal(["1", "2"], await QueryAsync(new([], 10, EndedTo: second.EndedAt)));
        Assert.Equal(["2"], await QueryAsync(new([], 10, EndedFrom: first.EndedAt!.Value.AddMinutes(30), EndedTo: second.EndedAt)));
    }

    [Fact]
    public async Task Query_gives_payloads_only_when_they_are_asked_for()
    {
        await CreateAsync("a", input: "\"in\"");

        Assert.Null(Assert.Single(await Store.QueryAsync(new([], 10), Token)).Input);
        Assert.Equal("\"in\"", Assert.Single(await Store.QueryAsync(new([], 10, WithPayloads: true), Token)).Input);
    }

    [Fact]
    public async Task Instances_that_have_ended_or_do_not_exist_are_told_from_those_that_go_on()
    {
        var worker = await EnterAsync();
        await RestingAsync(worker, "running");
        await EndedAsync(worker, "terminated", Statuses.Terminated);
        await EndedAsync(worker, "purged");
        await Store.PurgeAsync("purged", recursive: false, Token);
        await CreateAsync("pending");

        var ended = await Store.EndedAsync(["running", "terminated", "purged", "pending", "missing"], Token);

        Assert.Equal(["missing", "purged", "terminated"], ended.Order());
        Assert.Empty(await Store.EndedAsync(None, Token));
    }

    [Fact]
    public async Task Purge_removes_an_instance_that_has_ended_and_no_other()
    {
        var worker = await EnterAsync();
        await EndedAsync(worker, "ended");
        await RestingAsync(worker, "running");

        Assert.Equal(0, await Store.PurgeAsync("missing", true, Token));
        Assert.Equal(0, await Store.PurgeAsync("running", true, Token));
        Assert.Equal(1, await Store.PurgeAsync("ended", false, Token));
        Assert.Equal(0, await Store.PurgeAsync("ended", false, Token));

        Assert.Equal(["running"], await QueryAsync(new([], 10)));
        Assert.Equal(CreateResult.Created, await CreateAsync("ended", worker));
        Assert.Empty(await HistoryAsync(worker, "ended"));
    }

    [Theory]
    [InlineData(false, 1, new[] { "child", "grandchild", "running", "stranger" })]
    [InlineData(true, 3, new[] { "running", "stranger" })]
    public async Task Purge_removes_ended_sub_orchestrations_only_when_it_is_recursive(bool recursive, int removed, string[] left)
    {
        var worker = await EnterAsync();
        var parent = await NewAsync(worker, "parent");
        await AcceptedAsync(worker, End(parent) with { Children = [Child("child", "parent", 0, 0), Child("running", "parent", 0, 1)] });
        var taken = (await TakeAsync(worker)).Instances.ToDictionary(instance => instance.InstanceId);
        await AcceptedAsync(worker, Step(taken["running"]));
        await AcceptedAsync(worker, End(taken["child"]) with { Children = [Child("grandchild", "child", 0, 0)] });
        await AcceptedAsync(worker, End(await TakeOnlyAsync(worker)));
        await EndedAsync(worker, "stranger");

        Assert.Equal(removed, await Store.PurgeAsync("parent", recursive, Token));

        Assert.Equal(left, await QueryAsync(new([], 10)));
    }

    [Fact]
    public async Task Purge_by_filter_removes_the_oldest_that_have_ended_and_match()
    {
        var worker = await EnterAsync();
        foreach (var id in new[] { "x-3", "x-1", "x-2", "y-1" })
        {
            await EndedAsync(worker, id, id == "x-2" ? Statuses.Failed : Statuses.Completed);
            await PassAsync(TimeSpan.FromHours(1));
        }

        await RestingAsync(worker, "x-0");

        Assert.Equal(2, await Store.PurgeAsync(new([], 2, IdPrefix: "x-"), Token));
        Assert.Equal(["x-0", "x-2", "y-1"], await QueryAsync(new([], 10)));
        Assert.Equal(0, await Store.PurgeAsync(new([Statuses.Running], 10), Token));
        Assert.Equal(1, await Store.PurgeAsync(new([Statuses.Failed], 10), Token));
        Assert.Equal(0, await Store.PurgeAsync(new([], 10, EndedTo: Now.AddHours(-2)), Token));
        Assert.Equal(1, await Store.PurgeAsync(new([], 10, EndedTo: Now.AddMinutes(-30)), Token));
        Assert.Equal(["x-0"], await QueryAsync(new([], 10)));
    }

    private async Task<string[]> QueryAsync(InstanceFilter filter) =>
        [.. (await Store.QueryAsync(filter, Token)).Select(state => state.InstanceId)];
}
