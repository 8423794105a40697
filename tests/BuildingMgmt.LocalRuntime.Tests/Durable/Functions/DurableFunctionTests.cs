using BuildingMgmt.LocalRuntime.Durable.Functions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Functions;

/// <summary>One host for all: every test has its own orchestrations.</summary>
public class DurableFunctionTests(SampleApp app) : IClassFixture<SampleApp>
{
    private readonly DurableApp _app = app.App;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private DurableTaskClient Client => _app.Client;

    [Fact]
    public async Task An_activity_that_fails_is_tried_again_as_its_policy_says()
    {
        var ended = await _app.RunAsync(nameof(SampleOrchestrators.RetriesFlaky));

        Assert.Equal("x after 3", ended.ReadOutputAs<string>());
        Assert.Equal(3, _app.Deeds.Count("tried"));
    }

    [Theory]
    [InlineData('\0')]
    [InlineData('\ud800')]
    public async Task What_no_text_can_hold_is_refused_by_the_client(char character)
    {
        var text = $"a{character}b";
        await Assert.ThrowsAsync<ArgumentException>(() => Client.ScheduleNewOrchestrationInstanceAsync(text, Token));
        await Assert.ThrowsAsync<ArgumentException>(
            () => Client.ScheduleNewOrchestrationInstanceAsync(nameof(SampleOrchestrators.Parent), new StartOrchestrationOptions(text), Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Client.RaiseEventAsync(text, "event", Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Client.GetInstanceAsync(text, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Client.PurgeInstanceAsync(text, Token));
        await Assert.ThrowsAsync<ArgumentException>(() => Client.ListInstanceIdsAsync(lastInstanceKey: text, cancellation: Token));
        Assert.Throws<ArgumentException>(() => Client.GetAllInstancesAsync(new OrchestrationQuery(InstanceIdPrefix: text)));
    }

    [Fact]
    public async Task An_orchestrator_is_told_what_an_activity_threw()
    {
        var ended = await _app.RunAsync(nameof(SampleOrchestrators.CatchesFailure));

        Assert.Equal("AlwaysFails: System.FormatException: AlwaysFails is out of order", ended.ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_orchestrator_that_throws_ends_failed_with_what_it_threw()
    {
        var ended = await _app.RunAsync(nameof(SampleOrchestrators.Fails));

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Equal("System.InvalidOperationException", ended.FailureDetails!.ErrorType);
        Assert.Equal("Fails cannot", ended.FailureDetails.ErrorMessage);
    }

    [Fact]
    public async Task An_orchestrator_that_the_app_does_not_have_ends_failed_and_is_named()
    {
        var ended = await _app.RunAsync("Nowhere");

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Contains("Nowhere", ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sub_orchestrations_answer_their_parent()
    {
        var ended = await _app.RunAsync(nameof(SampleOrchestrators.Parent));

        Assert.Equal(12, ended.ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_timer_fires_when_its_time_has_come()
    {
        var ended = await _app.RunAsync(nameof(SampleOrchestrators.Sleeps), 200);

        Assert.True(ended.ReadOutputAs<bool>());
        Assert.Equal(200, ended.ReadInputAs<int>());
    }

    [Fact]
    public async Task Events_wait_until_they_are_waited_for_and_custom_status_is_seen()
    {
        var id = await Client.ScheduleNewOrchestrationInstanceAsync(nameof(SampleOrchestrators.WaitsForTwo), Token);
        var waits = await _app.UntilAsync(id, state => state.SerializedCustomStatus is not null, "the orchestration waits");
        Assert.Equal(new Room("waits", 1), waits.ReadCustomStatusAs<Room>());

        await Client.RaiseEventAsync(id, "second", "world", Token);
        await Client.RaiseEventAsync(id, "FIRST", "hello", Token);

        Assert.Equal("hello world", (await _app.EndAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Continue_as_new_keeps_events_that_were_not_taken()
    {
        var id = await Client.ScheduleNewOrchestrationInstanceAsync(nameof(SampleOrchestrators.CountsDown), 3, Token);
        foreach (var word in new[] { "a", "b", "c", "d" })
            await Client.RaiseEventAsync(id, "word", word, Token);

        var ended = await _app.EndAsync(id);

        Assert.Equal("d", ended.ReadOutputAs<string>());
        Assert.Equal("0 d", ended.ReadCustomStatusAs<string>());
        Assert.Equal(0, ended.ReadInputAs<int>());
    }

    [Fact]
    public async Task A_suspended_orchestration_keeps_what_comes_until_it_is_resumed()
    {
        var id = await Client.ScheduleNewOrchestrationInstanceAsync(nameof(SampleOrchestrators.WaitsForTwo), Token);
        await Client.WaitForInstanceStartAsync(id, Token);
        await Client.SuspendInstanceAsync(id, "for a while", Token);
        await _app.UntilAsync(id, state => state.RuntimeStatus == OrchestrationRuntimeStatus.Suspended, "it is suspended");
        await Client.RaiseEventAsync(id, "first", "a", Token);
        await Client.RaiseEventAsync(id, "second", "b", Token);
        await Assert.ThrowsAsync<InvalidOperationException>(() => Client.SuspendInstanceAsync(id, "again", Token));
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await Client.GetInstanceAsync(id, Token))!.RuntimeStatus);

        await Client.ResumeInstanceAsync(id, "now", Token);

        Assert.Equal("a b", (await _app.EndAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Terminate_takes_sub_orchestrations_along_only_when_told_to()
    {
        foreach (var recursive in new[] { false, true })
        {
            var id = await Client.ScheduleNewOrchestrationInstanceAsync(nameof(SampleOrchestrators.HoldsChild), Token);
            await _app.UntilAsync($"{id}-child", state => state.RuntimeStatus == OrchestrationRuntimeStatus.Running, "the child runs");

            await Client.TerminateInstanceAsync(id, new TerminateInstanceOptions("enough", recursive), Token);

            var ended = await _app.EndAsync(id);
            Assert.Equal(OrchestrationRuntimeStatus.Terminated, ended.RuntimeStatus);
            Assert.Equal("enough", ended.ReadOutputAs<string>());
            if (recursive)
                Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await _app.EndAsync($"{id}-child")).RuntimeStatus);
            else
                Assert.Equal(OrchestrationRuntimeStatus.Running, (await Client.GetInstanceAsync($"{id}-child", Token))!.RuntimeStatus);
        }
    }

    [Fact]
    public async Task What_is_sent_to_an_orchestration_that_is_missing_or_has_ended_is_refused()
    {
        var ended = await _app.RunAsync(nameof(SampleOrchestrators.Parent));

        await Assert.ThrowsAsync<InvalidOperationException>(() => Client.RaiseEventAsync(ended.InstanceId, "late", Token));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Client.RaiseEventAsync("nobody", "early", Token));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Client.TerminateInstanceAsync(ended.InstanceId, Token));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Client.ResumeInstanceAsync(ended.InstanceId, Token));
        Assert.Null(await Client.GetInstanceAsync("nobody", Token));
    }

    [Fact]
    public async Task Purge_removes_what_has_ended_by_id_and_by_filter()
    {
        var one = await _app.RunAsync(nameof(SampleOrchestrators.Parent));
        var two = await _app.RunAsync(nameof(SampleOrchestrators.Fails));
        var open = await Client.ScheduleNewOrchestrationInstanceAsync(nameof(SampleOrchestrators.WaitsForTwo), Token);

        Assert.Equal(0, (await Client.PurgeInstanceAsync(open, Token)).PurgedInstanceCount);
        Assert.Equal(4, (await Client.PurgeInstanceAsync(one.InstanceId, new PurgeInstanceOptions(Recursive: true), Token)).PurgedInstanceCount);
        var filter = new PurgeInstancesFilter(two.CreatedAt, two.CreatedAt, [OrchestrationRuntimeStatus.Failed]);
        var purged = await Client.PurgeAllInstancesAsync(filter, Token);

        Assert.Equal((1, true), (purged.PurgedInstanceCount, purged.IsComplete));
        Assert.Null(await Client.GetInstanceAsync(one.InstanceId, Token));
        Assert.Null(await Client.GetInstanceAsync(two.InstanceId, Token));
        Assert.NotNull(await Client.GetInstanceAsync(open, Token));
    }

    [Fact]
    public async Task A_query_gives_its_pages_one_after_the_other()
    {
        for (var i = 0; i < 5; i++)
        {
            var options = new StartOrchestrationOptions($"paged-{i}", TimeProvider.System.GetUtcNow().AddDays(1)) { Tags = new Dictionary<string, string> { ["number"] = $"{i}" } };
            await Client.ScheduleNewOrchestrationInstanceAsync(nameof(SampleOrchestrators.Parent), i, options, Token);
        }

        var query = new OrchestrationQuery(InstanceIdPrefix: "paged-", PageSize: 2, Statuses: [OrchestrationRuntimeStatus.Pending], FetchInputsAndOutputs: true);
        var pages = new List<Page<OrchestrationMetadata>>();
        await foreach (var page in Client.GetAllInstancesAsync(query).AsPages())
            pages.Add(page);
        var rest = new List<string>();
        await foreach (var state in Client.GetAllInstancesAsync(query with { ContinuationToken = pages[1].ContinuationToken }))
            rest.Add(state.InstanceId);

        Assert.Equal([2, 2, 1], pages.Select(page => page.Values.Count));
        Assert.Equal([0, 1, 2, 3, 4], pages.SelectMany(page => page.Values).Select(state => state.ReadInputAs<int>()));
        Assert.Equal("3", pages[1].Values[1].Tags["number"]);
        Assert.Equal(["paged-4"], rest);
        Assert.Equal(["paged-0", "paged-1"], (await Client.ListInstanceIdsAsync([OrchestrationRuntimeStatus.Pending], pageSize: 2, cancellation: Token)).Values);
    }

    [Fact]
    public async Task An_HTTP_function_starts_an_orchestration_and_waits_for_it()
    {
        using var answer = await _app.Host.Http.PostAsync("start/CallsTwoActivities", null, Token);

        Assert.Equal("POST hall on 3, attic on 4", await answer.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task An_activity_knows_whose_it_is_and_belongs_to_the_trace_of_the_one_who_started_it()
    {
        using var trace = new System.Diagnostics.Activity("test").SetIdFormat(System.Diagnostics.ActivityIdFormat.W3C).Start();
        var ended = await _app.RunAsync(nameof(SampleOrchestrators.CallsTwoActivities));

        var greeted = Assert.Single(_app.Deeds.All, deed => deed.StartsWith($"greeted hall for {ended.InstanceId}, traced ", StringComparison.Ordinal));
        Assert.Contains(trace.TraceId.ToHexString(), greeted, StringComparison.Ordinal);
    }
}
