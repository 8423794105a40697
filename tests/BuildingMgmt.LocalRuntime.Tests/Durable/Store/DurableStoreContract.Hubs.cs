using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.Testing.Durable;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

public abstract partial class DurableStoreContract
{
    [Fact]
    public async Task Another_process_sees_the_same_hub()
    {
        var again = await OpenAgainAsync();
        var (here, there) = (await EnterAsync(), await EnterAsync(again));
        await RestingAsync(here, "a", Activity(0));

        Assert.NotNull(await again.GetAsync("a", false, Token));
        var work = Assert.Single((await TakeAsync(there, store: again)).Activities);
        var receipt = Assert.Single(await again.CommitResultsAsync(there, [new(work, new LocalRuntime.Durable.Execution.TaskCompleted(0, null))], Token));
        Assert.Equal(new ResultReceipt(true, false), receipt);
        Assert.Equal("a", (await TakeOnlyAsync(here)).InstanceId);
    }

    [Fact]
    public async Task Another_hub_has_nothing_of_this_one()
    {
        var other = await OpenOtherHubAsync();
        var worker = await EnterAsync();
        var stranger = await other.EnterAsync(Token);
        await RestingAsync(worker, "a", Activity(0));
        await SendAsync("a", Event("go"));
        await SendAsync("a", Event("later"), Now.AddHours(1));
        await EndedAsync(worker, "ended");
        await CreateAsync("free");

        var taken = await other.TakeAsync(new(stranger, [], 10, [], 10), Token);

        Assert.Equal((true, false, (TimeSpan?)null), (taken.WorkerLives, taken.More, taken.NextDueIn));
        Assert.Empty(taken.Instances);
        Assert.Empty(taken.Activities);
        Assert.Null(await other.GetAsync("a", false, Token));
        Assert.Empty(await other.QueryAsync(new([], 10), Token));
        Assert.Equal(["a"], await other.EndedAsync(["a"], Token));
        Assert.False(await other.SendAsync(new("a", null, Event("no")), Token));
        Assert.Equal(0, await other.PurgeAsync("ended", true, Token));
        Assert.Equal(0, await other.PurgeAsync(new InstanceFilter([], 10), Token));
        Assert.Equal(new HubState(0, 0, 0, TimeSpan.Zero), await other.ReadHubAsync(Token));
        Assert.Equal(CreateResult.Created, await other.CreateAsync(new("a", Start()), stranger, [], Token));
        Assert.Equal(["ended"], await QueryAsync(new([Statuses.Completed], 10)));
        Assert.Equal(Statuses.Running, (await GetAsync("a")).Status);
    }

    [Fact]
    public async Task Hub_counts_what_goes_on_and_what_waits()
    {
        var worker = await EnterAsync();
        var empty = await Store.ReadHubAsync(Token);
        var suspended = await RestingAsync(worker, "suspended");
        await AcceptedAsync(worker, Step(suspended) with { State = new(Statuses.Suspended, null, null, null) });
        await RestingAsync(worker, "running", Activity(0), Activity(1));
        await EndedAsync(worker, "ended");
        await SendAsync("running", Event("later"), Now.AddDays(1));
        var busy = await TakeActivitiesAsync(worker);
        var idle = await Store.ReadHubAsync(Token);
        await CreateAsync("pending", worker);
        await PassAsync(TimeSpan.FromHours(1));
        var waiting = await Store.ReadHubAsync(Token);

        Assert.Equal(new HubState(0, 0, 0, TimeSpan.Zero), empty);
        Assert.Equal(new HubState(0, 2, busy.Count, TimeSpan.Zero), idle);
        Assert.Equal((1, 2, 2), (waiting.Pending, waiting.Running, waiting.Activities));
        Assert.InRange(waiting.OldestDue, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(90));
    }

    [Fact]
    public async Task Activity_that_nobody_runs_ages_in_the_hub()
    {
        var worker = await EnterAsync();
        await RestingAsync(worker, "a", Activity(0));

        await PassAsync(TimeSpan.FromHours(1));

        Assert.InRange((await Store.ReadHubAsync(Token)).OldestDue, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(90));
    }
}
