using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.Testing.Durable;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

public abstract partial class DurableStoreContract
{
    [Fact]
    public async Task New_instance_has_the_state_that_it_was_made_with()
    {
        var start = new ExecutionStarted(
            "Order", "2", """{ "in":  "\u0000" }""", null, null, new Dictionary<string, string> { ["k"] = "v" });
        await Store.CreateAsync(new("a", start), null, [], Token);

        var full = await GetAsync("a");
        var brief = await Store.GetAsync("a", withPayloads: false, Token);

        Assert.Equal(("a", "Order", "2", Statuses.Pending, start.Input), (full.InstanceId, full.Name, full.Version, full.Status, full.Input));
        Assert.Equal((null, null, null, null), (full.Output, full.CustomStatus, full.Failure, full.EndedAt));
        Assert.Equal("v", full.Tags?["k"]);
        Assert.InRange(full.CreatedAt, Now.AddMinutes(-5), Now.AddMinutes(5));
        Assert.Equal(TimeSpan.Zero, full.CreatedAt.Offset);
        Assert.Equal(full with { Input = null, Tags = null }, brief! with { Tags = null });
        Assert.Null(await Store.GetAsync("missing", true, Token));
        Assert.Null(await Store.GetAsync("A", true, Token));
    }

    [Fact]
    public async Task Payloads_are_read_only_when_they_are_asked_for()
    {
        var worker = await EnterAsync();
        await CreateAsync("a", worker, "\"in\"");
        await AcceptedAsync(worker, End(await TakeOnlyAsync(worker)) with { State = new(3, "\"custom\"", "\"out\"", Failure("end")) });

        var full = await GetAsync("a");
        var brief = await Store.GetAsync("a", withPayloads: false, Token);

        Assert.Equal(("\"in\"", "\"custom\"", "\"out\""), (full.Input, full.CustomStatus, full.Output));
        Assert.Equal((null, null, null), (brief!.Input, brief.CustomStatus, brief.Output));
        Assert.Equal((full.Status, full.CreatedAt, full.EndedAt), (brief.Status, brief.CreatedAt, brief.EndedAt));
    }

    [Fact]
    public async Task Instance_with_an_owner_is_that_workers()
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        await CreateAsync("mine", worker);
        await CreateAsync("anyones");

        Assert.Equal(["anyones"], await TakenIdsAsync(other));
        Assert.Equal(["mine"], await TakenIdsAsync(worker));
    }

    [Fact]
    public async Task Instance_for_a_worker_that_has_died_is_anyones()
    {
        var (dead, gone, worker) = (await EnterAsync(), await EnterAsync(), await EnterAsync());
        await ExpireAsync(dead);
        await Store.LeaveAsync(gone, Token);

        Assert.Equal(CreateResult.Created, await CreateAsync("a", dead));
        Assert.Equal(CreateResult.Created, await CreateAsync("b", gone));

        Assert.Equal(["a", "b"], (await TakenIdsAsync(worker)).Order());
    }

    [Fact]
    public async Task Instance_is_made_once()
    {
        var worker = await EnterAsync();

        Assert.Equal(CreateResult.Created, await CreateAsync("a", input: "1"));
        Assert.Equal(CreateResult.Exists, await CreateAsync("a", input: "2", replaceable: [Statuses.Completed, Statuses.Running]));
        var taken = await TakeOnlyAsync(worker);
        await AcceptedAsync(worker, End(taken));
        Assert.Equal(CreateResult.Exists, await CreateAsync("a", input: "3", replaceable: [Statuses.Failed]));

        Assert.Single(taken.Messages);
        Assert.Equal(("1", Statuses.Completed), ((await GetAsync("a")).Input, (await GetAsync("a")).Status));
        Assert.Empty(await TakenIdsAsync(worker));
    }

    [Theory]
    [InlineData(Statuses.Completed)]
    [InlineData(Statuses.Failed)]
    [InlineData(Statuses.Terminated)]
    public async Task Ended_instance_is_replaced_with_all_its_history(int status)
    {
        var worker = await EnterAsync();
        await AcceptedAsync(worker, End(await NewAsync(worker, "a")) with { State = new(status, "\"custom\"", "\"out\"", Failure("end")) });

        Assert.Equal(CreateResult.Created, await CreateAsync("a", worker, "2", null, status));
        var state = await GetAsync("a");
        var taken = await TakeOnlyAsync(worker);

        Assert.Equal((Statuses.Pending, "2", null), (state.Status, state.Input, state.EndedAt));
        Assert.Equal((null, null, null), (state.Output, state.CustomStatus, state.Failure));
        AssertSame([Start("2")], taken.Messages.Select(message => message.Event));
        Assert.Empty(await HistoryAsync(worker, "a"));
        await AcceptedAsync(worker, Step(taken));
        Assert.Equal(2, (await HistoryAsync(worker, "a")).Count);
    }

    [Fact]
    public async Task Replaced_instance_is_not_mistaken_for_the_one_that_replaces_it()
    {
        var (worker, other) = (await EnterAsync(), await EnterAsync());
        var old = await RestingAsync(worker, "a", Activity(0), Activity(1));
        var running = (await TakeActivitiesAsync(other, 1))[0];
        await SendAsync("a", Event("old"));
        await SendAsync("a", new TimerFired(2), Now.AddHours(1));

        Assert.Equal(CreateResult.Created, await CreateAsync("a", worker, "2", null, Statuses.Running));
        await SendAsync("a", new ChildCompleted(3, "\"old\""), execution: old.Execution);
        var after = await TakeAsync(worker);

        Assert.False((await CommitAsync(worker, Step(old))).Accepted);
        Assert.False((await ResultAsync(other, running)).Accepted);
        Assert.Empty(after.Activities);
        Assert.Null(after.NextDueIn);
        var taken = Assert.Single(after.Instances);
        Assert.True(taken.Step > old.Step);
        Assert.True(taken.Execution > old.Execution);
        AssertSame(
            [Start("2")],
            taken.Messages.Where(message => message.Execution is null || message.Execution == taken.Execution).Select(message => message.Event));
        await AcceptedAsync(worker, Step(taken));
    }

    [Fact]
    public async Task Nothing_is_sent_to_an_instance_that_does_not_exist_or_has_ended()
    {
        var worker = await EnterAsync();
        await EndedAsync(worker, "ended");
        await CreateAsync("pending");

        Assert.False(await SendAsync("missing", Event("go")));
        Assert.False(await SendAsync("ended", Event("go")));
        Assert.True(await SendAsync("pending", Event("go")));
    }

    [Fact]
    public async Task Message_of_an_id_that_waits_is_not_kept_twice()
    {
        var worker = await EnterAsync();
        var resting = await RestingAsync(worker, "a");
        await RestingAsync(worker, "b");
        var go = Event("go");

        Assert.True(await SendAsync("a", go, messageId: go.MessageId));
        Assert.True(await SendAsync("a", go, messageId: go.MessageId));
        Assert.True(await SendAsync("b", go, messageId: go.MessageId));
        Assert.True(await SendAsync("a", Event("other"), messageId: Guid.NewGuid()));
        Assert.True(await SendAsync("a", Event("without an id")));
        var taken = await TakeAsync(worker);

        Assert.Equal(
            ["go", "other", "without an id"],
            taken.Instances.Single(instance => instance.InstanceId == resting.InstanceId).Messages.Select(message => ((EventRaised)message.Event).Name));
        Assert.Single(taken.Instances.Single(instance => instance.InstanceId == "b").Messages);
    }
}
