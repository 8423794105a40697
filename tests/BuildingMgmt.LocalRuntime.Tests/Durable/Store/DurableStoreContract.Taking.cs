using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.Testing.Durable;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

public abstract partial class DurableStoreContract
{
    [Fact]
    public async Task New_instance_is_taken_with_its_start()
    {
        var worker = await EnterAsync();
        var start = new ExecutionStarted(
            "Order", "2", """{ "b": 1,  "a": "\u0000 'ä' 🏢" }""", new("parent", "Parent", 3, 4), "00-trace", new Dictionary<string, string> { ["k"] = "v" });
        await Store.CreateAsync(new("a", start), null, [], Token);

        var taken = await TakeAsync(worker);

        var instance = Assert.Single(taken.Instances);
        Assert.Equal(("a", 0, 0L), (instance.InstanceId, instance.Execution, instance.Step));
        AssertSame([start], instance.Messages.Select(message => message.Event));
        Assert.True(instance.Messages[0].Execution is null or 0);
        Assert.True(taken.WorkerLives);
        Assert.False(taken.More);
        Assert.Null(taken.NextDueIn);
    }

    [Fact]
    public async Task What_is_taken_says_when_by_the_clock_that_writes_when_it_was_made_and_changed()
    {
        var worker = await EnterAsync();
        var taken = await NewAsync(worker, "a");
        var made = await GetAsync("a");
        await AcceptedAsync(worker, Step(taken));
        var changed = await GetAsync("a");

        Assert.InRange(taken.At, made.CreatedAt, changed.UpdatedAt);
    }

    [Fact]
    public async Task Nothing_is_taken_when_nothing_is_there()
    {
        var taken = await TakeAsync(await EnterAsync());

        Assert.Equal((true, false, (TimeSpan?)null), (taken.WorkerLives, taken.More, taken.NextDueIn));
        Assert.Empty(taken.Instances);
        Assert.Empty(taken.Activities);
    }

    [Fact]
    public async Task Messages_come_whole_and_in_the_order_in_which_they_were_sent()
    {
        var worker = await EnterAsync();
        ReceivedEvent[] sent =
        [
            .. Enumerable.Range(0, 300).Select(i => Event($"event-{i}", $"{i}")),
            new TaskCompleted(1, "\"out\""), new TaskFailed(2, Failure("failed") with { InnerFailure = Failure("cause") }),
            new ChildCompleted(3, null), new ChildFailed(4, Failure("child")), new TimerFired(5),
            new ExecutionSuspended("why"), new ExecutionResumed(null), new ExecutionTerminated("\"over\"", Recursive: true),
        ];
        await RestingAsync(worker, "a");
        foreach (var each in sent)
            Assert.True(await SendAsync("a", each, execution: each is EventRaised ? null : 0));

        var messages = (await TakeOnlyAsync(worker)).Messages;

        AssertSame(sent, messages.Select(message => message.Event));
        Assert.Equal(messages.Select(message => message.Sequence).Order(), messages.Select(message => message.Sequence));
        Assert.Equal(sent.Select(each => each is EventRaised ? (int?)null : 0), messages.Select(message => message.Execution));
    }

    [Fact]
    public async Task Own_instances_come_first_then_those_that_nobody_owns()
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        await CreateAsync("free");
        await CreateAsync("foreign", other);
        await CreateAsync("own", worker);

        var first = await TakeAsync(worker, instances: 1);
        var second = await TakeAsync(worker, instances: 1, busy: ["own"]);

        Assert.Equal("own", Assert.Single(first.Instances).InstanceId);
        Assert.True(first.More);
        Assert.Equal("free", Assert.Single(second.Instances).InstanceId);
        Assert.False(second.More);
        Assert.Empty(await TakenIdsAsync(worker, 100, "own", "free"));
    }

    [Fact]
    public async Task No_more_instances_are_taken_than_asked_for_and_the_rest_is_left_to_others()
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        foreach (var id in new[] { "a", "b", "c", "d", "e" })
            await CreateAsync(id);

        Assert.Empty(await TakenIdsAsync(worker, 0));
        var some = await TakeAsync(worker, instances: 3);
        var rest = await TakeAsync(other, instances: 2);

        Assert.Equal((3, true), (some.Instances.Count, some.More));
        Assert.Equal((2, false), (rest.Instances.Count, rest.More));
        Assert.Equal(["a", "b", "c", "d", "e"], some.Instances.Concat(rest.Instances).Select(instance => instance.InstanceId).Order());
    }

    [Fact]
    public async Task Messages_of_a_busy_instance_are_left_for_later()
    {
        var worker = await EnterAsync();
        var taken = await NewAsync(worker, "a");
        await SendAsync("a", Event("meanwhile"));

        var meanwhile = await TakeAsync(worker, busy: ["a"]);
        await AcceptedAsync(worker, Step(taken));
        var later = await TakeOnlyAsync(worker);

        Assert.Empty(meanwhile.Instances);
        Assert.False(meanwhile.More);
        Assert.Equal("meanwhile", Assert.IsType<EventRaised>(Assert.Single(later.Messages).Event).Name);
    }

    [Fact]
    public async Task What_is_never_due_is_kept_and_hinders_nothing()
    {
        var worker = await EnterAsync();
        await CreateAsync("never", startAt: DateTimeOffset.MaxValue);
        var taken = await NewAsync(worker, "a");

        await AcceptedAsync(worker, Step(taken) with { Messages = [new("a", 0, new TimerFired(0), DateTimeOffset.MaxValue)] });
        var idle = await TakeAsync(worker);
        await SendAsync("a", Event("go"));

        Assert.Empty(idle.Instances);
        Assert.True(idle.NextDueIn > TimeSpan.FromDays(1_000_000));
        Assert.Equal(["a"], await TakenIdsAsync(worker));
        Assert.Equal(Statuses.Pending, (await GetAsync("never")).Status);
    }

    [Fact]
    public async Task Instance_that_was_taken_is_its_takers_until_its_messages_are_used_up()
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        await CreateAsync("a");

        var taken = await TakeOnlyAsync(worker);
        var again = await TakeOnlyAsync(worker);

        Assert.Equal(taken.Messages.Select(message => message.Sequence), again.Messages.Select(message => message.Sequence));
        Assert.Empty(await TakenIdsAsync(other));
        await AcceptedAsync(worker, Step(again));
        Assert.Empty(await TakenIdsAsync(worker));
    }

    [Fact]
    public async Task Activities_are_given_once_but_those_of_a_lost_answer_again_and_first()
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        await RestingAsync(other, "a", Activity(0), Activity(1), Activity(2), Activity(3));

        var two = await TakeAsync(worker, activities: 2);
        var known = two.Activities[0].Id;
        var again = await TakeAsync(worker, activities: 1, running: [known]);
        var all = await TakeActivitiesAsync(worker, 100, known);
        var none = await TakeActivitiesAsync(worker, 100, [known, .. all.Select(work => work.Id)]);

        Assert.Equal((2, true), (two.Activities.Count, two.More));
        Assert.Equal(two.Activities[1].Id, Assert.Single(again.Activities).Id);
        Assert.Equal([0, 1, 2, 3], all.Select(work => work.TaskId).Append(two.Activities[0].TaskId).Order());
        Assert.Empty(none);
        Assert.Empty(await TakeActivitiesAsync(other));
    }

    [Fact]
    public async Task No_activities_are_taken_when_none_are_asked_for()
    {
        var worker = await EnterAsync();
        await RestingAsync(worker, "a", Activity(0));

        Assert.Empty((await TakeAsync(worker, activities: 0)).Activities);
        var exact = await TakeAsync(worker, activities: 1);

        Assert.Equal((1, false), (exact.Activities.Count, exact.More));
    }

    [Fact]
    public async Task Activity_carries_what_its_step_gave_it()
    {
        var worker = await EnterAsync();
        var taken = await NewAsync(worker, "a");
        var activity = new NewActivity(7, "Charge", "3", """{"x": "\u0000"}""", "00-step", new Dictionary<string, string> { ["k"] = "v" });

        await AcceptedAsync(worker, Step(taken) with { Activities = [activity, Activity(8)] });
        var works = (await TakeActivitiesAsync(worker)).OrderBy(work => work.TaskId).ToArray();

        var work = works[0];
        Assert.Equal(("a", 0, 7, "Charge", "3"), (work.InstanceId, work.Execution, work.TaskId, work.Name, work.Version));
        Assert.Equal((activity.Input, "00-step", "v"), (work.Input, work.TraceParent, work.Tags?["k"]));
        Assert.InRange(work.CreatedAt, Now.AddMinutes(-5), Now.AddMinutes(5));
        Assert.Equal((null, null, null, true), (works[1].Version, works[1].Input, works[1].TraceParent, works[1].Tags is null or { Count: 0 }));
    }

    [Fact]
    public async Task Message_is_taken_when_it_is_due_and_until_then_the_store_says_when()
    {
        var worker = await EnterAsync();
        await RestingAsync(worker, "a");
        await SendAsync("a", new TimerFired(2), Now.AddHours(3));
        await SendAsync("a", new TimerFired(1), Now.AddHours(1));

        var early = await TakeAsync(worker);
        await PassAsync(TimeSpan.FromHours(2));
        var due = await TakeAsync(worker);
        await AcceptedAsync(worker, Step(due.Instances[0]));
        var between = await TakeAsync(worker);
        await PassAsync(TimeSpan.FromHours(2));
        var last = await TakeAsync(worker);

        Assert.Empty(early.Instances);
        Assert.InRange(early.NextDueIn!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));
        AssertSame([new TimerFired(1)], due.Instances[0].Messages.Select(message => message.Event));
        Assert.InRange(between.NextDueIn!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));
        AssertSame([new TimerFired(2)], Assert.Single(last.Instances).Messages.Select(message => message.Event));
        Assert.Null(last.NextDueIn);
    }

    [Fact]
    public async Task Timer_of_another_worker_is_waited_for_only_when_that_has_died()
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        await RestingAsync(other, "a");
        await SendAsync("a", new TimerFired(1), Now.AddHours(1));

        Assert.Null((await TakeAsync(worker)).NextDueIn);
        await ExpireAsync(other);

        Assert.InRange((await TakeAsync(worker)).NextDueIn!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));
    }

    [Fact]
    public async Task Message_that_was_due_in_the_past_is_due_at_once()
    {
        var worker = await EnterAsync();
        await RestingAsync(worker, "a");

        await SendAsync("a", new TimerFired(1), Now.AddHours(-1));

        Assert.Equal(["a"], await TakenIdsAsync(worker));
        Assert.Null((await TakeAsync(worker)).NextDueIn);
    }

    [Fact]
    public async Task Delayed_start_is_taken_when_it_is_due()
    {
        var worker = await EnterAsync();
        await CreateAsync("a", startAt: Now.AddHours(1));

        var early = await TakeAsync(worker);
        var pending = await GetAsync("a");
        await PassAsync(TimeSpan.FromHours(2));

        Assert.Empty(early.Instances);
        Assert.InRange(early.NextDueIn!.Value, TimeSpan.FromMinutes(50), TimeSpan.FromHours(1));
        Assert.Equal(Statuses.Pending, pending.Status);
        Assert.IsType<ExecutionStarted>(Assert.Single((await TakeOnlyAsync(worker)).Messages).Event);
    }

    [Fact]
    public async Task Message_overtakes_a_delayed_start()
    {
        var worker = await EnterAsync();
        await CreateAsync("a", startAt: Now.AddHours(1));

        Assert.True(await SendAsync("a", new ExecutionTerminated(null, false)));

        Assert.IsType<ExecutionTerminated>(Assert.Single((await TakeOnlyAsync(worker)).Messages).Event);
    }
}
