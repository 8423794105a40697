using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.Testing.Durable;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

public abstract partial class DurableStoreContract
{
    private static NewInstance Child(string id, string parent, int execution, int taskId) =>
        new(id, Start("\"in\"", new(parent, "Order", execution, taskId)));

    [Fact]
    public async Task Children_of_a_step_are_new_instances()
    {
        var worker = await EnterAsync();
        var taken = await NewAsync(worker, "parent");
        var (child, late) = (Child("child", "parent", 0, 0), Child("late", "parent", 0, 1) with { StartAt = Now.AddHours(1) });

        await AcceptedAsync(worker, Step(taken) with { Children = [child, late] });
        var state = await GetAsync("child");
        var early = await TakeOnlyAsync(worker);
        await PassAsync(TimeSpan.FromHours(2));

        Assert.Equal(("Order", Statuses.Pending, "\"in\""), (state.Name, state.Status, state.Input));
        Assert.Equal(("child", 0, 0L), (early.InstanceId, early.Execution, early.Step));
        AssertSame([child.Start], early.Messages.Select(message => message.Event));
        Assert.Equal(["late"], await TakenIdsAsync(worker, 100, "child"));
    }

    [Fact]
    public async Task Child_whose_id_is_taken_is_not_made_and_its_parent_hears_of_it()
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        await RestingAsync(other, "child", Activity(0));
        var taken = await NewAsync(worker, "parent");

        var receipt = await AcceptedAsync(worker, Step(taken) with { Children = [Child("child", "parent", 0, 7), Child("free", "parent", 0, 8)] });

        Assert.True(receipt.MoreDue);
        var message = (await TakeAsync(worker)).Instances.Single(instance => instance.InstanceId == "parent").Messages.Single();
        var failed = Assert.IsType<ChildFailed>(message.Event);
        Assert.Equal((0, 7), (message.Execution, failed.Id));
        Assert.NotEmpty(failed.Failure.ErrorType);
        Assert.Contains("\"child\"", failed.Failure.ErrorMessage, StringComparison.Ordinal);
        Assert.Equal(Statuses.Running, (await GetAsync("child")).Status);
        Assert.Equal(2, (await HistoryAsync(other, "child")).Count);
        Assert.Equal(Statuses.Pending, (await GetAsync("free")).Status);
    }

    [Fact]
    public async Task Child_that_bears_its_parents_id_is_not_made()
    {
        var worker = await EnterAsync();
        var taken = await NewAsync(worker, "parent");

        await AcceptedAsync(worker, Step(taken) with { Children = [Child("parent", "parent", 0, 0)] });

        Assert.IsType<ChildFailed>(Assert.Single((await TakeOnlyAsync(worker)).Messages).Event);
        Assert.Equal(2, (await HistoryAsync(worker, "parent")).Count);
    }

    [Fact]
    public async Task Of_two_children_with_one_id_only_the_first_is_made()
    {
        var worker = await EnterAsync();
        var taken = await NewAsync(worker, "parent");
        var second = await NewAsync(worker, "second");

        var receipts = await Store.CommitStepsAsync(
            worker,
            [
                Step(taken) with { Children = [Child("child", "parent", 0, 0), Child("child", "parent", 0, 1)] },
                Step(second) with { Children = [Child("child", "second", 0, 2)] },
            ],
            0, Token);
        var instances = (await TakeAsync(worker)).Instances;

        Assert.All(receipts, receipt => Assert.True(receipt.Accepted));
        Assert.Equal(1, MessageOf<ChildFailed>("parent").Id);
        Assert.Equal(2, MessageOf<ChildFailed>("second").Id);
        Assert.Equal(0, MessageOf<ExecutionStarted>("child").Parent?.TaskId);

        T MessageOf<T>(string id) =>
            Assert.IsType<T>(Assert.Single(instances.Single(instance => instance.InstanceId == id).Messages).Event);
    }

    [Theory]
    [InlineData(Statuses.Completed)]
    [InlineData(Statuses.Failed)]
    [InlineData(Statuses.Terminated)]
    public async Task Child_replaces_an_ended_instance_of_its_id(int status)
    {
        var worker = await EnterAsync();
        await EndedAsync(worker, "child", status);
        var taken = await NewAsync(worker, "parent");

        await AcceptedAsync(worker, Step(taken) with { Children = [Child("child", "parent", 0, 0)] });
        var state = await GetAsync("child");
        var child = await TakeOnlyAsync(worker);

        Assert.Equal((Statuses.Pending, null, null), (state.Status, state.EndedAt, state.Output));
        Assert.Equal("child", child.InstanceId);
        Assert.IsType<ExecutionStarted>(Assert.Single(child.Messages).Event);
        Assert.Empty(await HistoryAsync(worker, "child"));
    }

    [Fact]
    public async Task Result_for_a_purged_parent_is_not_for_the_one_that_bears_its_id()
    {
        var worker = await EnterAsync();
        var (purged, child) = (await NewAsync(worker, "parent"), await NewAsync(worker, "child"));
        await AcceptedAsync(worker, End(purged));
        Assert.Equal(1, await Store.PurgeAsync("parent", recursive: false, Token));
        var parent = await NewAsync(worker, "parent");

        await AcceptedAsync(worker, Step(child) with { Messages = [Result(purged), Result(parent with { Key = purged.Key })] });
        await AcceptedAsync(worker, Step(After(child)) with { Messages = [Result(parent)] });

        Assert.NotEqual(purged.Key, parent.Key);
        Assert.Equal(2, (await TakeOnlyAsync(worker)).Messages.Count);
        Assert.False(await Store.SendAsync(Result(purged), Token));
        Assert.True(await Store.SendAsync(Result(parent), Token));

        static NewMessage Result(TakenInstance parent) =>
            new(parent.InstanceId, parent.Execution, new ChildCompleted(0, null), Key: parent.Key);
    }

    [Fact]
    public async Task Children_of_a_last_step_live_on()
    {
        var worker = await EnterAsync();
        var taken = await NewAsync(worker, "parent");

        await AcceptedAsync(worker, End(taken) with { Children = [Child("child", "parent", 0, 0)] });

        Assert.Equal(["child"], await TakenIdsAsync(worker));
    }

    [Fact]
    public async Task Message_for_a_child_of_the_same_step_reaches_it()
    {
        var worker = await EnterAsync();
        var taken = await NewAsync(worker, "parent");

        await AcceptedAsync(worker, End(taken) with
        {
            Children = [Child("child", "parent", 0, 0)],
            Messages = [new("child", null, new ExecutionTerminated(null, Recursive: true))],
        });

        var messages = (await TakeOnlyAsync(worker)).Messages;
        Assert.Equal([typeof(ExecutionStarted), typeof(ExecutionTerminated)], messages.Select(message => message.Event.GetType()));
    }

    [Fact]
    public async Task Child_that_cannot_be_made_is_nothing_to_the_next_execution()
    {
        var worker = await EnterAsync();
        await RestingAsync(worker, "child");
        var taken = await NewAsync(worker, "parent");

        await AcceptedAsync(worker, Restart(taken) with { Children = [Child("child", "parent", 0, 0)] });

        var messages = (await TakeOnlyAsync(worker)).Messages.Where(message => message.Execution is null or 1);
        Assert.IsType<ExecutionStarted>(Assert.Single(messages).Event);
    }
}
