using BuildingMgmt.LocalRuntime.Durable.Store;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

public abstract partial class DurableStoreContract
{
    [Fact]
    public async Task Worker_id_is_never_used_again()
    {
        var first = await EnterAsync();
        await Store.LeaveAsync(first, Token);
        var second = await EnterAsync();
        await ExpireAsync(second);
        var third = await EnterAsync(await OpenAgainAsync());

        Assert.Equal(3, new[] { first, second, third }.Distinct().Count());
    }

    [Fact]
    public async Task Worker_that_renews_lives()
    {
        var worker = await EnterAsync();

        await PassAsync(DurableTimes.Lease * 3);

        Assert.True(await Store.RenewAsync(worker, Token));
        Assert.True((await TakeAsync(worker)).WorkerLives);
    }

    [Fact]
    public async Task Dead_worker_cannot_renew_and_takes_nothing()
    {
        var worker = await EnterAsync();
        await CreateAsync("a", worker);
        await RestingAsync(worker, "b", Activity(0));

        await ExpireAsync(worker);
        var taken = await TakeAsync(worker);

        Assert.False(taken.WorkerLives);
        Assert.Empty(taken.Instances);
        Assert.Empty(taken.Activities);
        Assert.False(await Store.RenewAsync(worker, Token));
        Assert.False(await Store.RenewAsync(worker, Token));
    }

    [Fact]
    public async Task Worker_that_was_never_made_does_not_live()
    {
        var unknown = await EnterAsync() + 1_000;

        Assert.False(await Store.RenewAsync(unknown, Token));
        Assert.False((await TakeAsync(unknown)).WorkerLives);
    }

    [Fact]
    public async Task Instance_of_a_living_worker_is_not_given_to_another()
    {
        var (first, second) = (await EnterAsync(), await EnterAsync(await OpenAgainAsync()));
        await RestingAsync(first, "a");
        await SendAsync("a", Event("go"));

        await PassAsync(DurableTimes.Lease * 2);

        Assert.Empty(await TakenIdsAsync(second));
        Assert.Equal(["a"], await TakenIdsAsync(first));
    }

    [Fact]
    public async Task Instance_of_a_dead_worker_is_taken_by_another_with_its_history()
    {
        var again = await OpenAgainAsync();
        var (first, second) = (await EnterAsync(), await EnterAsync(again));
        await RestingAsync(first, "a");
        var go = Event("go");
        await SendAsync("a", go);
        await ExpireAsync(first);

        var taken = Assert.Single((await TakeAsync(second, store: again)).Instances);
        var loaded = Assert.Single(await again.LoadAsync(second, ["a"], Token));

        Assert.Equal(1, taken.Step);
        AssertSame([go], taken.Messages.Select(message => message.Event));
        Assert.Equal((1, 2), (loaded.Step, loaded.Events.Count));
    }

    [Fact]
    public async Task Displaced_worker_writes_nothing()
    {
        var (first, second) = (await EnterAsync(), await EnterAsync());
        var taken = await NewAsync(first, "a");
        await ExpireAsync(first);
        var retaken = await TakeOnlyAsync(second);

        var receipt = await CommitAsync(first, Step(taken) with { Activities = [Activity(0)], State = new(1, "\"mine\"", null, null) }, 10);
        var history = await Store.LoadAsync(first, ["a"], Token);
        await Store.ReleaseAsync(first, ["a"], Token);

        Assert.False(receipt.Accepted);
        Assert.Empty(receipt.Activities);
        Assert.Empty(history);
        Assert.Null((await GetAsync("a")).CustomStatus);
        await AcceptedAsync(second, Step(retaken));
        Assert.Empty(await TakeActivitiesAsync(second));
    }

    [Fact]
    public async Task Activity_of_a_dead_worker_is_given_to_another_and_only_its_result_counts()
    {
        var (first, second) = (await EnterAsync(), await EnterAsync());
        await RestingAsync(second, "a", Activity(0));
        var work = Assert.Single(await TakeActivitiesAsync(first));
        Assert.Empty(await TakeActivitiesAsync(second));
        await ExpireAsync(first);

        var again = Assert.Single(await TakeActivitiesAsync(second));
        var late = await ResultAsync(first, work, "\"late\"");
        var counted = await ResultAsync(second, again, "\"counted\"");

        Assert.Equal(work.Id, again.Id);
        Assert.Equal(new ResultReceipt(false, false), late);
        Assert.Equal(new ResultReceipt(true, true), counted);
        var message = Assert.Single((await TakeOnlyAsync(second)).Messages);
        AssertSame([new LocalRuntime.Durable.Execution.TaskCompleted(0, "\"counted\"")], [message.Event]);
    }

    [Fact]
    public async Task Worker_that_leaves_gives_up_at_once_what_it_holds()
    {
        var (first, second) = (await EnterAsync(), await EnterAsync());
        await RestingAsync(first, "a", Activity(0));
        var work = Assert.Single(await TakeActivitiesAsync(first));
        await SendAsync("a", Event("go"));
        var taken = await TakeOnlyAsync(first);

        await Store.LeaveAsync(first, Token);
        await Store.LeaveAsync(first, Token);
        var retaken = await TakeAsync(second);

        Assert.Equal("a", Assert.Single(retaken.Instances).InstanceId);
        Assert.Equal(work.Id, Assert.Single(retaken.Activities).Id);
        Assert.False((await CommitAsync(first, Step(taken))).Accepted);
        Assert.False((await ResultAsync(first, work)).Accepted);
        Assert.False(await Store.RenewAsync(first, Token));
        Assert.False((await TakeAsync(first)).WorkerLives);
    }

    [Fact]
    public async Task Worker_that_has_left_writes_nothing_even_before_another_takes()
    {
        var worker = await EnterAsync();
        var taken = await NewAsync(worker, "a");

        await Store.LeaveAsync(worker, Token);

        Assert.False((await CommitAsync(worker, Step(taken))).Accepted);
        Assert.Equal(0, (await TakeOnlyAsync(await EnterAsync())).Step);
    }

    [Fact]
    public async Task Released_instance_goes_to_whoever_is_first()
    {
        var (first, second) = (await EnterAsync(), await EnterAsync());
        var resting = await RestingAsync(first, "a");
        await SendAsync("a", Event("go"));
        Assert.Empty(await TakenIdsAsync(second));

        await Store.ReleaseAsync(first, ["a", "missing"], Token);
        await Store.ReleaseAsync(first, ["a"], Token);

        Assert.Equal(["a"], await TakenIdsAsync(second));
        Assert.False((await CommitAsync(first, Step(resting))).Accepted);
    }
}
