using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Workers;

public sealed class DurableWorkerTests : IDisposable
{
    private const string Chain = "Chain";
    private const string Work = "Work";

    private readonly WorkerHarness _hub = new();
    private readonly List<string> _calls = [];
    private int _runs;

    public DurableWorkerTests()
    {
        _hub.Orchestrators[Chain] = async context =>
        {
            for (var i = 0; i < 3; i++)
                await context.CallActivityAsync(Work);
            return "done";
        };
        _hub.Activities[Work] = (_, _) => Task.FromResult<string?>($"{++_runs}");
        _hub.Network.Fails = call =>
        {
            _calls.Add(call.Name);
            return false;
        };
    }

    [Fact]
    public void An_idle_worker_asks_the_store_less_than_twice_a_second()
    {
        _hub.Start();
        _hub.RunFor(TimeSpan.FromSeconds(10));
        _calls.Clear();
        _hub.RunFor(TimeSpan.FromMinutes(1));
        Assert.InRange(_calls.Count, 60, 119);
        Assert.Contains(nameof(IDurableStore.RenewAsync), _calls);
    }

    [Fact]
    public void An_orchestration_in_memory_is_not_read_again_and_another_is()
    {
        _hub.Start();
        _hub.Create("a", Chain);
        _hub.RunUntilEnded("a");
        Assert.DoesNotContain(nameof(IDurableStore.LoadAsync), _calls);

        _hub.Settings = _hub.Settings with { ExtendedSessions = false };
        using var other = new WorkerHarness { Settings = _hub.Settings };
        other.Orchestrators[Chain] = _hub.Orchestrators[Chain];
        other.Activities[Work] = _hub.Activities[Work];
        var loads = 0;
        other.Network.Fails = call => call.Name == nameof(IDurableStore.LoadAsync) && ++loads == 0;
        other.Start();
        other.Create("a", Chain);
        Assert.Equal("\"done\"", other.RunUntilEnded("a").Output);
        Assert.Equal(3, loads);
    }

    [Fact]
    public void A_store_that_is_away_is_said_once_and_once_when_it_is_back()
    {
        _hub.Start();
        _hub.Create("a", Chain);
        _hub.RunFor(TimeSpan.FromMilliseconds(3));
        _hub.Network.Fails = _ => true;
        _hub.RunFor(TimeSpan.FromSeconds(30));
        Assert.Single(_hub.Logged, LogEvents.DurableStoreAway);
        Assert.DoesNotContain(LogEvents.DurableStoreBack, _hub.Logged);
        _hub.Network.Fails = null;
        Assert.Equal("\"done\"", _hub.RunUntilEnded("a").Output);
        _hub.RunFor(TimeSpan.FromSeconds(10));
        Assert.Single(_hub.Logged, LogEvents.DurableStoreAway);
        Assert.Single(_hub.Logged, LogEvents.DurableStoreBack);
    }

    [Fact]
    public void A_worker_whose_lease_ran_out_enters_anew_and_its_orchestrations_go_on()
    {
        var (process, _) = _hub.Start();
        _hub.Create("a", Chain);
        _hub.RunUntil(() => _runs == 1);
        process.Freeze();
        _hub.RunFor(TimeSpan.FromSeconds(20));
        process.Thaw();
        Assert.Equal("\"done\"", _hub.RunUntilEnded("a").Output);
        Assert.Single(_hub.Logged, LogEvents.DurableWorkerDied);
        Assert.Equal(2, _hub.Logged.Count(id => id == LogEvents.DurableWorkerEntered));
    }

    [Fact]
    public void What_a_killed_process_had_goes_on_elsewhere_within_ten_seconds()
    {
        var (process, _) = _hub.Start();
        _hub.Create("a", Chain);
        _hub.RunUntil(() => _runs == 1);
        process.Kill();
        _hub.Start();
        _hub.RunUntil(() => _hub.State("a")!.EndedAt is not null, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Stopping_waits_for_activities_keeps_their_results_and_begins_no_more()
    {
        _hub.Activities[Work] = async (_, _) =>
        {
            _runs++;
            await Task.Delay(TimeSpan.FromSeconds(3), _hub.Time, CancellationToken.None);
            return null;
        };
        var (_, worker) = _hub.Start();
        _hub.Create("a", Chain);
        _hub.RunUntil(() => _runs == 1);
        var stopped = worker.StopAsync(CancellationToken.None);
        _hub.RunUntil(() => stopped.IsCompleted);
        Assert.Contains(LogEvents.DurableWorkerLeft, _hub.Logged);
        Assert.Equal(1, _runs);

        // Another process has nothing to wait for: neither a lease nor the first activity.
        _hub.Start();
        _hub.RunUntil(() => _runs == 2, TimeSpan.FromSeconds(1));
        _hub.RunUntilEnded("a");
        Assert.Equal(3, _runs);
    }

    [Fact]
    public void Stopping_cancels_activities_when_time_is_up_and_they_run_again_elsewhere()
    {
        var cancelled = 0;
        _hub.Activities[Work] = async (_, cancellationToken) =>
        {
            if (++_runs > 1)
                return null;
            await using var registration = cancellationToken.Register(() => cancelled++);
            await Task.Delay(TimeSpan.FromHours(3), _hub.Time, cancellationToken);
            return null;
        };
        var (_, worker) = _hub.Start();
        _hub.Create("a", Chain);
        _hub.RunUntil(() => _runs == 1);
        using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(5), _hub.Time);
        var stopped = worker.StopAsync(grace.Token);
        _hub.RunUntil(() => stopped.IsCompleted && cancelled == 1, TimeSpan.FromSeconds(8));
        _hub.Start();
        Assert.Equal("\"done\"", _hub.RunUntilEnded("a").Output);
        Assert.Equal(4, _runs);
    }

    [Fact]
    public void A_step_that_the_store_never_takes_fails_its_orchestration_while_others_go_on()
    {
        _hub.Network.Fails = call => call.About is IReadOnlyList<StepCommit> steps
            && steps.Any(step => step.InstanceId == "bad" && step.Appended.OfType<TaskScheduled>().Any());
        _hub.Start();
        _hub.Create("bad", Chain);
        for (var i = 0; i < 40; i++)
        {
            _hub.Create($"good {i}", Chain);
            Assert.Equal("\"done\"", _hub.RunUntilEnded($"good {i}").Output);
            _hub.RunFor(TimeSpan.FromSeconds(1));
        }

        var bad = _hub.RunUntilEnded("bad");
        Assert.Equal((int)EndStatus.Failed, bad.Status);
        Assert.Contains("Step 0 of orchestration \"bad\" cannot be made", bad.Failure!.ErrorMessage, StringComparison.Ordinal);
        Assert.Single(_hub.Logged, LogEvents.DurableStepStuck);
        Assert.Single(_hub.Logged, LogEvents.DurableStepGivenUp);
        Assert.DoesNotContain(LogEvents.DurableStoreAway, _hub.Logged);
    }

    [Fact]
    public void While_all_commits_fail_nobody_is_given_up()
    {
        _hub.Network.Fails = call => call.About is IReadOnlyList<StepCommit>;
        _hub.Start();
        _hub.Create("a", Chain);
        _hub.Create("b", Chain);
        _hub.RunFor(TimeSpan.FromMinutes(30));
        _hub.Network.Fails = null;
        Assert.Equal("\"done\"", _hub.RunUntilEnded("a").Output);
        Assert.Equal("\"done\"", _hub.RunUntilEnded("b").Output);
    }

    [Fact]
    public void A_history_that_cannot_be_read_is_tried_with_pauses_and_holds_up_nobody()
    {
        _hub.Settings = _hub.Settings with { ExtendedSessions = false };
        var loads = 0;
        _hub.Network.Fails = call => call.About is IReadOnlyList<string> ids && ids.Contains("bad") && ++loads > 0;
        _hub.Start();
        _hub.Create("bad", Chain);
        for (var i = 0; i < 20; i++)
            _hub.Create($"good {i}", Chain);
        for (var i = 0; i < 20; i++)
            Assert.Equal("\"done\"", _hub.RunUntilEnded($"good {i}").Output);
        loads = 0;
        _hub.RunFor(TimeSpan.FromMinutes(1));
        Assert.InRange(loads, 10, 70);
        _hub.Network.Fails = null;
        Assert.Equal("\"done\"", _hub.RunUntilEnded("bad").Output);
    }

    [Fact]
    public void A_result_that_the_store_never_takes_is_a_failure_of_its_activity()
    {
        _hub.Activities[Work] = (work, _) => Task.FromResult<string?>(work.InstanceId == "bad" ? "\"poison\"" : null);
        _hub.Network.Fails = call => call.About is IReadOnlyList<ActivityResult> results
            && results.Any(result => result.Event is TaskCompleted { Output: "\"poison\"" });
        _hub.Start();
        _hub.Create("bad", Chain);
        for (var i = 0; i < 40; i++)
        {
            _hub.Create($"good {i}", Chain);
            _hub.RunUntilEnded($"good {i}");
            _hub.RunFor(TimeSpan.FromSeconds(1));
        }

        var bad = _hub.RunUntilEnded("bad");
        Assert.Equal((int)EndStatus.Failed, bad.Status);
        Assert.Contains("its result cannot be stored", bad.Failure!.InnerFailure!.ErrorMessage, StringComparison.Ordinal);
        Assert.Single(_hub.Logged, LogEvents.DurableResultStuck);
    }

    [Fact]
    public void No_more_activities_and_steps_run_at_once_than_the_settings_allow()
    {
        var (running, most) = (0, 0);
        _hub.Settings = _hub.Settings with { MaxConcurrentActivities = 3 };
        _hub.Activities[Work] = async (_, _) =>
        {
            most = Math.Max(most, ++running);
            await Task.Delay(TimeSpan.FromMilliseconds(20), _hub.Time, CancellationToken.None);
            running--;
            return null;
        };
        _hub.Orchestrators["Fan"] = async context =>
        {
            await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => context.CallActivityAsync(Work)));
            return null;
        };
        _hub.Start();
        _hub.Create("a", "Fan");
        _hub.Create("b", "Fan");
        _hub.RunUntilEnded("a");
        _hub.RunUntilEnded("b");
        Assert.Equal(3, most);
    }

    [Fact]
    public void The_end_of_an_orchestration_is_told_in_its_process()
    {
        var (_, worker) = _hub.Start();
        using var waiter = worker.Ended.Register("a");
        _hub.Create("a", Chain);
        _hub.RunUntil(() => waiter.Ended.IsCompleted);
        Assert.NotNull(_hub.State("a")!.EndedAt);
    }

    [Fact]
    public void A_recursive_termination_ends_the_children_and_a_terminated_child_fails_its_parent()
    {
        _hub.Orchestrators["Waits"] = async context => await context.WaitForExternalEvent<string>("never");
        _hub.Orchestrators["Parent"] = async context =>
        {
            await context.CallSubOrchestratorAsync("Waits", options: new SubOrchestrationOptions(instanceId: $"{context.InstanceId}-child"));
            return null;
        };
        _hub.Start();
        _hub.Create("a", "Parent");
        _hub.Create("b", "Parent");
        _hub.RunUntil(() => _hub.State("a-child") is { Status: 0 } && _hub.State("b-child") is { Status: 0 });
        _hub.Send("a", new ExecutionTerminated("\"enough\"", Recursive: true));
        _hub.Send("b-child", new ExecutionTerminated("\"enough\"", Recursive: false));
        Assert.Equal(((int)EndStatus.Terminated, "\"enough\""), (_hub.RunUntilEnded("a").Status, _hub.State("a")!.Output));
        Assert.Equal((int)EndStatus.Terminated, _hub.RunUntilEnded("a-child").Status);
        var parent = _hub.RunUntilEnded("b");
        Assert.Equal((int)EndStatus.Failed, parent.Status);
        Assert.Contains("\"b-child\" was terminated: \"enough\"", parent.Failure!.InnerFailure!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Custom_status_outlives_a_continue_as_new()
    {
        _hub.Orchestrators["Again"] = context =>
        {
            if (context.GetInput<int>() == 1)
                return Task.FromResult<object?>("end");
            context.SetCustomStatus("half");
            context.ContinueAsNew(1);
            return Task.FromResult<object?>(null);
        };
        _hub.Start();
        _hub.Create("a", "Again", "0");
        Assert.Equal(("\"end\"", "\"half\""), (_hub.RunUntilEnded("a").Output, _hub.State("a")!.CustomStatus));
    }

    public void Dispose() => _hub.Dispose();
}
