using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.Testing.Durable;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

public abstract partial class DurableStoreContract
{
    [Fact]
    public async Task History_is_what_the_steps_appended_whole_and_in_order()
    {
        var worker = await EnterAsync();
        var tags = new Dictionary<string, string> { ["k"] = "v" };
        HistoryEvent[] first =
        [
            new StepStarted(Now), new ExecutionStarted("Order", "1", "{ }", new("p", "P", 1, 2), "00-t", tags), new TaskScheduled(0, "Work", null, "1", tags),
            new ChildCreated(1, "child", "Child", "2", null, tags), new TimerCreated(2, Now.AddDays(1)), new EventSent(3, "other", "go", "\"\\u0000\""),
        ];
        HistoryEvent[] second =
        [
            new StepStarted(Now.AddTicks(1)), new TaskCompleted(0, "\"out\""), new TaskFailed(0, Failure("task")), new ChildCompleted(1, null),
            new ChildFailed(1, Failure("child")), new TimerFired(2), new EventRaised("go", "1", Guid.NewGuid()), new ExecutionSuspended(null),
            new ExecutionResumed("why"), new ExecutionTerminated(null, true), new ExecutionCompleted(EndStatus.Failed, null, Failure("end")),
        ];
        var taken = await NewAsync(worker, "a");

        var unstepped = Assert.Single(await Store.LoadAsync(worker, ["a"], Token));
        await AcceptedAsync(worker, Step(taken) with { Appended = first });
        await AcceptedAsync(worker, Step(After(taken)) with { Appended = [] });
        await AcceptedAsync(worker, Step(After(After(taken))) with { Appended = second });
        var loaded = Assert.Single(await Store.LoadAsync(worker, ["a"], Token));

        Assert.Equal((0, 0L, 0), (unstepped.Execution, unstepped.Step, unstepped.Events.Count));
        Assert.Equal(("a", 0, 3L), (loaded.InstanceId, loaded.Execution, loaded.Step));
        AssertSame([.. first, .. second], loaded.Events);
    }

    [Fact]
    public async Task Histories_of_several_instances_are_loaded_at_once_without_those_of_others()
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        await RestingAsync(worker, "a");
        await RestingAsync(other, "b");
        await RestingAsync(worker, "c");

        var loaded = await Store.LoadAsync(worker, ["a", "b", "c", "missing"], Token);

        Assert.Equal(["a", "c"], loaded.Select(history => history.InstanceId).Order());
        Assert.All(loaded, history => Assert.Equal(2, history.Events.Count));
        Assert.Empty(await Store.LoadAsync(worker, None, Token));
    }

    [Fact]
    public async Task Only_messages_that_the_step_used_up_are_gone()
    {
        var worker = await EnterAsync();
        await CreateAsync("a", worker);
        await SendAsync("a", Event("taken"));
        var taken = await TakeOnlyAsync(worker);
        await SendAsync("a", Event("meanwhile"));

        var receipt = await AcceptedAsync(worker, Step(taken) with { Consumed = [taken.Messages[0].Sequence] });
        var left = await TakeOnlyAsync(worker);

        Assert.True(receipt.MoreDue);
        Assert.Equal(["taken", "meanwhile"], left.Messages.Select(message => ((EventRaised)message.Event).Name));
        Assert.False((await AcceptedAsync(worker, Step(left))).MoreDue);
        Assert.Empty(await TakenIdsAsync(worker));
    }

    [Fact]
    public async Task Step_uses_up_no_messages_of_another_instance()
    {
        var worker = await EnterAsync();
        var (a, b) = (await NewAsync(worker, "a"), await NewAsync(worker, "b"));

        await AcceptedAsync(worker, Step(a) with { Consumed = [a.Messages[0].Sequence, b.Messages[0].Sequence] });

        Assert.Equal(["b"], await TakenIdsAsync(worker));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task Step_that_builds_on_another_than_the_stores_is_refused_and_changes_nothing(int difference)
    {
        var worker = await EnterAsync();
        var resting = await RestingAsync(worker, "a");
        await RestingAsync(worker, "b");
        await SendAsync("a", Event("go"));
        var taken = await TakeOnlyAsync(worker);

        var receipt = await CommitAsync(
            worker,
            Step(taken) with
            {
                Step = resting.Step + difference,
                State = new(Statuses.Completed, "\"custom\"", "\"out\"", null),
                Activities = [Activity(0)],
                Messages = [new("b", null, Event("no"))],
                Children = [new("child", Start())],
            },
            activitiesMax: 10);

        Assert.Equal((false, 0), (receipt.Accepted, receipt.Activities.Count));
        Assert.Equal((Statuses.Running, null, null), ((await GetAsync("a")).Status, (await GetAsync("a")).CustomStatus, (await GetAsync("a")).Output));
        Assert.Equal(2, (await HistoryAsync(worker, "a")).Count);
        var after = await TakeAsync(worker);
        Assert.Equal("a", Assert.Single(after.Instances).InstanceId);
        Assert.Empty(after.Activities);
        Assert.Null(await Store.GetAsync("child", false, Token));
    }

    [Fact]
    public async Task Step_of_a_missing_instance_is_refused()
    {
        var worker = await EnterAsync();

        Assert.False((await CommitAsync(worker, Step(new("missing", 0, 0, 0, Now, [])))).Accepted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Step_that_is_committed_again_after_an_unknown_outcome_is_done_already_and_doubles_nothing(bool keep)
    {
        var worker = await EnterAsync();
        await RestingAsync(worker, "other");
        var taken = await NewAsync(worker, "a");
        var step = Step(taken) with
        {
            Activities = [Activity(0)],
            Messages = [new("other", null, Event("go")), new("a", 0, new TimerFired(1), Now.AddHours(-1))],
            Children = [new("child", Start(parent: new("a", "Order", 0, 2)))],
            Keep = keep,
        };

        var first = await CommitAsync(worker, step, activitiesMax: 10);
        var second = await CommitAsync(worker, step, activitiesMax: 10);

        Assert.Equal((true, 1), (first.Accepted, first.Activities.Count));
        Assert.Equal((false, 0), (second.Accepted, second.Activities.Count));
        var after = await TakeAsync(worker, running: [first.Activities[0].Id]);
        Assert.Empty(after.Activities);
        Assert.Equal(["a", "child", "other"], after.Instances.Select(instance => instance.InstanceId).Order());
        Assert.All(after.Instances, instance => Assert.Single(instance.Messages));
        Assert.Equal(1, after.Instances.Single(instance => instance.InstanceId == "a").Step);
        Assert.Equal(2, (await HistoryAsync(worker, "a")).Count);
    }

    [Fact]
    public async Task Steps_of_one_call_are_accepted_or_refused_each_by_itself()
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        var (a, b, c) = (await NewAsync(worker, "a"), await NewAsync(other, "b"), await NewAsync(worker, "c"));

        var receipts = await Store.CommitStepsAsync(
            worker,
            [
                Step(a) with { Activities = [Activity(0), Activity(1)] },
                Step(b) with { Activities = [Activity(2)] },
                Step(c) with { Activities = [Activity(3), Activity(4)] },
            ],
            3, Token);

        Assert.Equal([true, false, true], receipts.Select(receipt => receipt.Accepted));
        Assert.All(receipts[0].Activities, work => Assert.Equal("a", work.InstanceId));
        Assert.All(receipts[2].Activities, work => Assert.Equal("c", work.InstanceId));
        Assert.Equal(3, receipts.Sum(receipt => receipt.Activities.Count));
        Assert.Empty(receipts[1].Activities);
        Assert.Single(await TakeActivitiesAsync(other));
        Assert.Empty(await Store.CommitStepsAsync(worker, [], 3, Token));
    }

    [Fact]
    public async Task Activities_that_a_step_was_not_given_are_for_anyone()
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        var taken = await NewAsync(worker, "a");

        var receipt = await AcceptedAsync(worker, Step(taken) with { Activities = [Activity(0), Activity(1), Activity(2)] }, activitiesMax: 1);
        var rest = await TakeActivitiesAsync(other);

        var given = Assert.Single(receipt.Activities);
        Assert.Equal(2, rest.Count);
        Assert.Equal([0, 1, 2], rest.Append(given).Select(work => work.TaskId).Order());
        Assert.True((await ResultAsync(worker, given)).Accepted);
    }

    [Fact]
    public async Task Instance_that_is_kept_stays_its_workers_and_another_is_anyones()
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        var (kept, left) = (await NewAsync(worker, "kept"), await NewAsync(worker, "left"));
        await AcceptedAsync(worker, Step(kept));
        await AcceptedAsync(worker, Step(left) with { Keep = false });
        await SendAsync("kept", Event("go"));
        await SendAsync("left", Event("go"));

        Assert.Equal(["left"], await TakenIdsAsync(other));
        Assert.Equal(["kept"], await TakenIdsAsync(worker));
        Assert.False((await CommitAsync(worker, Step(After(left)))).Accepted);
    }

    [Fact]
    public async Task Results_become_messages_for_the_execution_that_scheduled_them()
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        await RestingAsync(worker, "a", Activity(0), Activity(1));
        var mine = (await TakeActivitiesAsync(worker, 1))[0];
        var theirs = (await TakeActivitiesAsync(other))[0];
        ReceivedEvent failed = new TaskFailed(theirs.TaskId, Failure("failed"));

        var own = await ResultAsync(worker, mine, "\"out\"");
        var foreign = await Store.CommitResultsAsync(other, [new(theirs, failed), new(mine, failed)], Token);
        var repeated = await ResultAsync(worker, mine, "\"again\"");

        Assert.Equal(new ResultReceipt(true, true), own);
        Assert.Equal([new(true, false), new ResultReceipt(false, false)], foreign);
        Assert.Equal(new ResultReceipt(false, false), repeated);
        var messages = (await TakeOnlyAsync(worker)).Messages;
        AssertSame([new TaskCompleted(mine.TaskId, "\"out\""), failed], messages.Select(message => message.Event));
        Assert.All(messages, message => Assert.Equal(0, message.Execution));
        Assert.Empty(await TakeActivitiesAsync(other));
    }

    [Fact]
    public async Task Messages_of_a_step_reach_others_and_itself()
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        await RestingAsync(worker, "mine");
        await RestingAsync(other, "theirs");
        await EndedAsync(worker, "ended");
        var taken = await NewAsync(worker, "a");
        var (toMine, toTheirs) = (Event("mine"), Event("theirs"));

        var receipt = await AcceptedAsync(worker, Step(taken) with
        {
            Messages =
            [
                new("mine", null, toMine, Id: toMine.MessageId), new("theirs", null, toTheirs), new("ended", null, Event("no")),
                new("missing", null, Event("no")), new("a", 0, new TimerFired(4), Now.AddHours(1)),
            ],
        });
        var early = await TakeAsync(worker);
        await PassAsync(TimeSpan.FromHours(2));

        Assert.True(receipt.MoreDue);
        AssertSame([toMine], Assert.Single(early.Instances).Messages.Select(message => message.Event));
        AssertSame([toTheirs], (await TakeOnlyAsync(other)).Messages.Select(message => message.Event));
        var timer = (await TakeAsync(worker, busy: ["mine"])).Instances.Single();
        AssertSame([new TimerFired(4)], timer.Messages.Select(message => message.Event));
        Assert.Null(await Store.GetAsync("missing", false, Token));
    }

    [Fact]
    public async Task Cancelled_timer_is_not_kept_until_it_is_due_and_others_are()
    {
        var worker = await EnterAsync();
        var (soon, late) = (new TimerCreated(0, Now.AddHours(1)), new TimerCreated(1, Now.AddHours(2)));
        var taken = await NewAsync(worker, "a");
        await AcceptedAsync(worker, Step(taken) with
        {
            Messages = [.. new[] { soon, late }.Select(timer => new NewMessage("a", taken.Execution, new TimerFired(timer.Id), timer.FireAt))],
        });

        await AcceptedAsync(worker, Step(After(taken)) with { CancelledTimers = [soon, new(2, soon.FireAt), new(1, soon.FireAt.AddMinutes(1))] });
        Assert.InRange((await TakeAsync(worker)).NextDueIn!.Value, TimeSpan.FromMinutes(61), TimeSpan.FromHours(2));
        Assert.False((await CommitAsync(worker, Step(After(taken)) with { CancelledTimers = [late] })).Accepted);
        Assert.NotNull((await TakeAsync(worker)).NextDueIn);
        await AcceptedAsync(worker, Step(After(After(taken))) with { CancelledTimers = [late] });

        Assert.Null((await TakeAsync(worker)).NextDueIn);
    }
}
