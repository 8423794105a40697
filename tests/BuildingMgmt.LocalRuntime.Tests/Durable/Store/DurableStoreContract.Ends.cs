using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.Testing.Durable;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

public abstract partial class DurableStoreContract
{
    [Fact]
    public async Task Steps_are_seen_in_the_instances_state()
    {
        var worker = await EnterAsync();
        await CreateAsync("a", worker, "\"in\"");
        var pending = await GetAsync("a");
        var taken = await TakeOnlyAsync(worker);
        await AcceptedAsync(worker, Step(taken) with { State = new(Statuses.Running, "\"custom\"", null, null) });
        var running = await GetAsync("a");
        await AcceptedAsync(worker, Step(After(taken)) with { State = new(Statuses.Suspended, null, null, null) });
        var suspended = await GetAsync("a");

        Assert.Equal((Statuses.Pending, "\"in\"", null), (pending.Status, pending.Input, pending.CustomStatus));
        Assert.Equal((Statuses.Running, "\"in\"", "\"custom\""), (running.Status, running.Input, running.CustomStatus));
        Assert.Equal((Statuses.Suspended, "\"in\"", "\"custom\""), (suspended.Status, suspended.Input, suspended.CustomStatus));
        Assert.Equal((null, null, null), (suspended.EndedAt, suspended.Output, suspended.Failure));
        Assert.True(pending.UpdatedAt >= pending.CreatedAt);
        Assert.True(suspended.UpdatedAt >= running.UpdatedAt);
        Assert.Equal(pending.CreatedAt, suspended.CreatedAt);
    }

    [Fact]
    public async Task Custom_status_stands_until_a_step_takes_it_away()
    {
        var worker = await EnterAsync();
        var first = await NewAsync(worker, "a");
        await AcceptedAsync(worker, Step(first) with { State = new(Statuses.Running, "\"custom\"", null, null) });
        await AcceptedAsync(worker, Step(After(first)) with { State = new(Statuses.Running, null, null, null) });
        var kept = await GetAsync("a");
        await AcceptedAsync(worker, Step(After(After(first))) with { State = new(Statuses.Running, null, null, null, ClearsCustomStatus: true) });

        Assert.Equal("\"custom\"", kept.CustomStatus);
        Assert.Null((await GetAsync("a")).CustomStatus);
    }

    [Theory]
    [InlineData(Statuses.Completed)]
    [InlineData(Statuses.Failed)]
    [InlineData(Statuses.Terminated)]
    public async Task End_is_seen_in_the_instances_state(int status)
    {
        var worker = await EnterAsync();
        var taken = await NewAsync(worker, "a");
        var failure = Failure("end") with { InnerFailure = Failure("cause") };

        await AcceptedAsync(worker, End(taken) with { State = new(status, "\"custom\"", "\"out\"", failure) });
        var state = await GetAsync("a");

        Assert.Equal((status, "\"out\"", "\"custom\""), (state.Status, state.Output, state.CustomStatus));
        Assert.Equal(Json(new TaskFailed(0, failure)), Json(new TaskFailed(0, state.Failure!)));
        Assert.True(state.EndedAt >= state.CreatedAt);
        Assert.True(state.UpdatedAt >= state.CreatedAt);
    }

    [Theory]
    [InlineData(Statuses.Completed)]
    [InlineData(Statuses.Failed)]
    [InlineData(Statuses.Terminated)]
    public async Task Ended_instance_loses_its_messages_and_activities(int status)
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        await RestingAsync(worker, "a", Activity(0), Activity(1));
        var running = (await TakeActivitiesAsync(other, 1))[0];
        await SendAsync("a", Event("go"));
        var taken = await TakeOnlyAsync(worker);
        await SendAsync("a", Event("unseen"));
        await SendAsync("a", new TimerFired(5), Now.AddHours(1));

        var receipt = await AcceptedAsync(
            worker,
            End(taken, status) with { Activities = [Activity(2)], Messages = [new("a", 0, new TimerFired(6), Now.AddHours(1))] },
            activitiesMax: 10);
        var refused = await ResultAsync(other, running);
        var after = await TakeAsync(worker);

        Assert.Empty(receipt.Activities);
        Assert.False(receipt.MoreDue);
        Assert.Equal(new ResultReceipt(false, false), refused);
        Assert.Empty(after.Instances);
        Assert.Empty(after.Activities);
        Assert.Null(after.NextDueIn);
        Assert.False(await SendAsync("a", Event("late")));
        Assert.Equal(new HubState(0, 0, 0, TimeSpan.Zero), await Store.ReadHubAsync(Token));
    }

    [Fact]
    public async Task Ended_instance_is_nobodys()
    {
        var worker = await EnterAsync();
        var taken = await NewAsync(worker, "a");
        var end = End(taken) with { Keep = true };

        await AcceptedAsync(worker, end);

        Assert.Empty(await Store.LoadAsync(worker, ["a"], Token));
        Assert.False((await CommitAsync(worker, end)).Accepted);
        Assert.False((await CommitAsync(worker, Step(After(taken)))).Accepted);
        Assert.Equal(Statuses.Completed, (await GetAsync("a")).Status);
    }

    [Fact]
    public async Task Last_step_sends_its_messages()
    {
        var worker = await EnterAsync();
        await RestingAsync(worker, "parent");
        var taken = await NewAsync(worker, "a");

        var receipt = await AcceptedAsync(worker, End(taken) with { Messages = [new("parent", 0, new ChildCompleted(3, "\"out\""))] });

        Assert.True(receipt.MoreDue);
        var message = Assert.Single((await TakeOnlyAsync(worker)).Messages);
        AssertSame([new ChildCompleted(3, "\"out\"")], [message.Event]);
        Assert.Equal(0, message.Execution);
    }

    [Fact]
    public async Task Restart_begins_the_next_execution_without_a_history()
    {
        var worker = await EnterAsync();
        await CreateAsync("a", worker, "1");
        var taken = await TakeOnlyAsync(worker);
        var kept = Event("kept");

        await AcceptedAsync(worker, Restart(taken, "2", kept) with
        {
            State = new(Statuses.Running, "\"custom\"", null, null, "v2", "2"),
        });
        var state = await GetAsync("a");
        var next = await TakeOnlyAsync(worker);

        Assert.Equal((1, 1L), (next.Execution, next.Step));
        AssertSame([Start("2"), kept], next.Messages.Select(message => message.Event));
        Assert.Equal([1, null], next.Messages.Select(message => message.Execution));
        Assert.Empty(await HistoryAsync(worker, "a"));
        Assert.Equal((Statuses.Running, "2", "v2", "\"custom\""), (state.Status, state.Input, state.Version, state.CustomStatus));
        await AcceptedAsync(worker, Restart(next) with { Keep = false });
        state = await GetAsync("a");
        Assert.Equal((null, "v2", "\"custom\""), (state.Input, state.Version, state.CustomStatus));
        var other = await EnterAsync();
        Assert.Equal((2, 2L), ((await TakeOnlyAsync(other)).Execution, (await TakeOnlyAsync(other)).Step));
    }

    [Fact]
    public async Task Restart_drops_what_was_for_the_execution_that_ended()
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        await RestingAsync(worker, "a", Activity(0), Activity(1));
        var running = (await TakeActivitiesAsync(other, 1))[0];
        await SendAsync("a", Event("go"));
        var taken = await TakeOnlyAsync(worker);
        await SendAsync("a", new TimerFired(5), Now.AddHours(1), execution: 0);
        await SendAsync("a", new TimerFired(6), execution: 0);

        var receipt = await AcceptedAsync(
            worker,
            Restart(taken) with { Activities = [Activity(2)], Messages = [new("a", 0, new TimerFired(7), Now.AddHours(1))] },
            activitiesMax: 10);
        var after = await TakeAsync(worker);

        Assert.Empty(receipt.Activities);
        Assert.True(receipt.MoreDue);
        Assert.False((await ResultAsync(other, running)).Accepted);
        AssertSame([Start()], Assert.Single(after.Instances).Messages.Select(message => message.Event));
        Assert.Empty(after.Activities);
        Assert.Null(after.NextDueIn);
    }

    [Fact]
    public async Task Restart_leaves_what_is_for_any_execution_behind_its_own_messages()
    {
        var worker = await EnterAsync();
        var taken = await NewAsync(worker, "a");
        var (kept, waiting, second, later) = (Event("kept"), Event("waiting"), Event("second"), Event("later"));
        await SendAsync("a", waiting, messageId: waiting.MessageId);
        await SendAsync("a", second);
        await SendAsync("a", later, Now.AddHours(1));

        await AcceptedAsync(worker, Restart(taken, null, kept));
        Assert.True(await SendAsync("a", waiting, messageId: waiting.MessageId));
        var next = await TakeOnlyAsync(worker);
        await AcceptedAsync(worker, Step(next));
        await PassAsync(TimeSpan.FromHours(2));

        AssertSame([Start(), kept, waiting, second], next.Messages.Select(message => message.Event));
        Assert.Equal(next.Messages.Select(message => message.Sequence).Order(), next.Messages.Select(message => message.Sequence));
        Assert.Equal([1, null, null, null], next.Messages.Select(message => message.Execution));
        AssertSame([later], (await TakeOnlyAsync(worker)).Messages.Select(message => message.Event));
    }

    [Fact]
    public async Task Restart_keeps_events_of_the_one_before_that_were_not_taken_yet_behind_its_own()
    {
        var worker = await EnterAsync();
        var taken = await NewAsync(worker, "a");
        var (first, second, third) = (Event("first"), Event("second"), Event("third"));
        await AcceptedAsync(worker, Restart(taken, "1", first, second, third));
        var next = await TakeOnlyAsync(worker);

        // As if no more than two of them had been taken.
        await AcceptedAsync(worker, Restart(next, "2", first) with { Consumed = [.. next.Messages.Take(2).Select(message => message.Sequence)] });

        AssertSame([Start("2"), first, second, third], (await TakeOnlyAsync(worker)).Messages.Select(message => message.Event));
    }

    [Fact]
    public async Task What_a_restart_does_not_use_up_stays_behind_its_own_and_is_known_when_it_is_sent_again()
    {
        var worker = await EnterAsync();
        await RestingAsync(worker, "a");
        var (used, waiting, kept) = (Event("used"), Event("waiting"), Event("kept"));
        await SendAsync("a", used);
        await SendAsync("a", waiting, messageId: waiting.MessageId);
        var taken = await TakeOnlyAsync(worker);

        var receipt = await AcceptedAsync(worker, Restart(taken, null, kept) with { Consumed = [taken.Messages[0].Sequence] });
        await SendAsync("a", waiting, messageId: waiting.MessageId);

        Assert.True(receipt.MoreDue);
        AssertSame([Start(), kept, waiting], (await TakeOnlyAsync(worker)).Messages.Select(message => message.Event));
    }

    [Fact]
    public async Task Late_message_for_an_ended_execution_is_known_as_one()
    {
        var worker = await EnterAsync();
        var taken = await NewAsync(worker, "a");
        await AcceptedAsync(worker, Restart(taken));
        var next = await TakeOnlyAsync(worker);
        await AcceptedAsync(worker, Step(next));

        await SendAsync("a", new ChildCompleted(0, "\"late\""), execution: 0);
        await SendAsync("a", Event("go"));

        var messages = (await TakeOnlyAsync(worker)).Messages.Where(message => message.Execution is null or 1);
        Assert.IsType<EventRaised>(Assert.Single(messages).Event);
    }
}
