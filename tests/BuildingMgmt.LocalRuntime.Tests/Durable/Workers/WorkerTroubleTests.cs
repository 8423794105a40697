using System.Diagnostics.Metrics;
using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Durable.Workers;
using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Workers;

/// <summary>What the app or the store does to a worker, in a hub where nothing else goes on.</summary>
public sealed class WorkerTroubleTests : IDisposable
{
    private const string Calls = "Calls";
    private const string Work = "Work";

    private readonly WorkerHarness _hub = new();

    public WorkerTroubleTests()
    {
        _hub.Orchestrators[Calls] = async context => await context.CallActivityAsync<string>(Work);
        _hub.Activities[Work] = (_, _) => Task.FromResult<string?>("\"done\"");
    }

    [Fact]
    public void A_step_that_can_never_be_written_fails_its_orchestration_when_nobody_else_is_there_to_compare_with()
    {
        _hub.Network.FailsWith = call => call.About is IReadOnlyList<StepCommit> steps && steps.Any(step => step.Activities.Count > 0)
            ? new ArgumentOutOfRangeException("due", "Nobody can write this.")
            : null;
        _hub.Start();
        _hub.Create("bad", Calls);
        _hub.RunUntil(() => _hub.State("bad")!.EndedAt is not null, TimeSpan.FromMinutes(1));
        Assert.Contains("Nobody can write this.", _hub.State("bad")!.Failure!.ErrorMessage, StringComparison.Ordinal);
        _hub.RunFor(TimeSpan.FromMinutes(1));
        Assert.Single(_hub.Logged, LogEvents.DurableStepStuck);
        Assert.Single(_hub.Logged, LogEvents.DurableStepGivenUp);
    }

    [Fact]
    public void A_step_that_waits_for_somebodys_lock_is_told_of_and_goes_on_whenever_it_can()
    {
        _hub.Network.FailsWith = call => call.About is IReadOnlyList<StepCommit> steps && steps.Any(step => step.InstanceId == "waits")
            ? new TimeoutException("Somebody has locked it.")
            : null;
        _hub.Start();
        _hub.Create("waits", Calls);
        for (var i = 0; i < 300; i++)
        {
            _hub.Create($"other {i}", Calls);
            _hub.RunFor(TimeSpan.FromSeconds(1));
        }

        Assert.Null(_hub.State("waits")!.EndedAt);
        Assert.Single(_hub.Logged, LogEvents.DurableStepStuck);
        _hub.Network.FailsWith = null;
        Assert.Equal("\"done\"", _hub.RunUntilEnded("waits").Output);
    }

    [Fact]
    public void A_termination_gets_through_to_a_step_whose_timer_or_activity_can_never_be_written()
    {
        _hub.Orchestrators[Calls] = async context =>
        {
            await Task.WhenAll(context.CreateTimer(TimeSpan.FromDays(1), CancellationToken.None), context.CallActivityAsync(Work));
            return null;
        };
        _hub.Network.FailsWith = call => call.About is IReadOnlyList<StepCommit> steps && steps.Any(step => step.Activities.Count + step.Messages.Count > 0)
            ? new ArgumentOutOfRangeException("due", "Nobody can write this.")
            : null;
        _hub.Create("bad", Calls);
        _hub.Send("bad", new ExecutionTerminated("\"enough\"", Recursive: false));
        _hub.Start();
        Assert.Equal(((int)EndStatus.Terminated, "\"enough\""), (_hub.RunUntilEnded("bad").Status, _hub.State("bad")!.Output));
    }

    [Fact]
    public void A_failure_that_can_never_be_written_is_replaced_by_one_that_can()
    {
        _hub.Activities[Work] = (_, _) => throw new InvalidOperationException("poison");
        _hub.Network.FailsWith = call => call.About is IReadOnlyList<ActivityResult> results
            && results.Any(result => result.Event is TaskFailed { Failure.ErrorMessage: "poison" })
            ? new NotSupportedException("Nobody can write this.")
            : null;
        _hub.Start();
        _hub.Create("a", Calls);
        Assert.Contains("its result cannot be stored", _hub.RunUntilEnded("a").Failure!.InnerFailure!.ErrorMessage, StringComparison.Ordinal);
        Assert.Single(_hub.Logged, LogEvents.DurableResultStuck);
    }

    [Fact]
    public void An_activity_that_answers_its_cancellation_with_whatever_exception_runs_again_elsewhere()
    {
        var runs = 0;
        _hub.Activities[Work] = async (_, cancellationToken) =>
        {
            if (++runs > 1)
                return "\"done\"";
            await Task.Delay(TimeSpan.FromHours(3), _hub.Time, cancellationToken).ContinueWith(_ => { }, TaskScheduler.Default);
            throw new IOException("The connection was closed.");
        };
        var (_, worker) = _hub.Start();
        _hub.Create("a", Calls);
        _hub.RunUntil(() => runs == 1);
        using var grace = new CancellationTokenSource(TimeSpan.FromSeconds(5), _hub.Time);
        var stopped = worker.StopAsync(grace.Token);
        _hub.RunUntil(() => stopped.IsCompleted);
        _hub.Start();
        Assert.Equal("\"done\"", _hub.RunUntilEnded("a").Output);
        Assert.DoesNotContain(LogEvents.DurableActivityFailed, _hub.Logged);
    }

    [Fact]
    public void An_exception_that_cannot_be_read_or_logged_is_a_failure_and_its_place_is_free_again()
    {
        _hub.Settings = _hub.Settings with { MaxConcurrentActivities = 1 };
        _hub.Activities[Work] = (work, _) => work.InstanceId == "bad" ? throw new UnreadableException() : Task.FromResult<string?>("\"done\"");
        _hub.Start();
        _hub.Create("bad", Calls);
        Assert.Contains("cannot be read", _hub.RunUntilEnded("bad").Failure!.InnerFailure!.ErrorMessage, StringComparison.Ordinal);
        _hub.Create("good", Calls);
        Assert.Equal("\"done\"", _hub.RunUntilEnded("good").Output);
    }

    [Fact]
    public void Of_a_hub_that_cannot_be_asked_nothing_is_measured()
    {
        List<double> ages = [];
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, to) =>
        {
            if (instrument.Meter.Scope == _hub.Meter && instrument.Name == "durable.queue.age")
                to.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<double>((_, age, _, _) => ages.Add(age));
        listener.Start();
        _hub.Start();
        _hub.RunFor(TimeSpan.FromMinutes(1));
        listener.RecordObservableInstruments();
        Assert.Single(ages);
        _hub.Network.Fails = _ => true;
        _hub.RunFor(TimeSpan.FromMinutes(1));
        listener.RecordObservableInstruments();
        Assert.Single(ages);
    }

    [Fact]
    public void An_outage_counts_from_the_first_call_that_did_not_get_through()
    {
        var time = new FakeTimeProvider();
        var health = new StoreHealth(_hub, time);
        var began = time.GetTimestamp();
        time.Advance(TimeSpan.FromSeconds(15));
        health.Failed(VitalCalls.Take, began, new TimeoutException());
        time.Advance(TimeSpan.FromSeconds(5));
        health.Worked(VitalCalls.Take);
        Assert.Contains("00:00:20", _hub.Messages[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void An_outage_ends_when_the_worker_enters_anew_whatever_failed_before()
    {
        var time = new FakeTimeProvider();
        var health = new StoreHealth(_hub, time);
        health.Failed(VitalCalls.Renew, time.GetTimestamp(), new TimeoutException());
        health.Failed(VitalCalls.Take, time.GetTimestamp(), new TimeoutException());
        health.Worked(VitalCalls.Enter);
        Assert.Single(_hub.Logged, LogEvents.DurableStoreAway);
        Assert.Single(_hub.Logged, LogEvents.DurableStoreBack);
    }

    [Fact]
    public void A_step_that_does_not_end_is_told_of_once()
    {
        _hub.BeforeStep = instanceId => instanceId == "long" ? Task.Delay(TimeSpan.FromMinutes(5), _hub.Time, CancellationToken.None) : Task.CompletedTask;
        _hub.Start();
        _hub.Create("short", Calls);
        _hub.RunFor(TimeSpan.FromMinutes(1));
        Assert.DoesNotContain(LogEvents.DurableStepRunsLong, _hub.Logged);
        _hub.Create("long", Calls);
        _hub.RunFor(TimeSpan.FromMinutes(1));
        Assert.Single(_hub.Logged, LogEvents.DurableStepRunsLong);
    }

    [Fact]
    public void Steps_and_results_that_carry_much_go_in_calls_of_their_own()
    {
        var much = new string('x', 600_000);
        List<int> together = [];
        _hub.Network.Fails = call =>
        {
            together.Add(call.About switch
            {
                IReadOnlyList<StepCommit> steps => steps.Count(step => step.Activities.Count > 0),
                IReadOnlyList<ActivityResult> results => results.Count,
                _ => 0,
            });
            return false;
        };
        _hub.Orchestrators["Much"] = async context => await context.CallActivityAsync<string>(Work, much);
        _hub.Activities[Work] = (_, _) => Task.FromResult<string?>($"\"{much}\"");
        _hub.Start();
        for (var i = 0; i < 10; i++)
            _hub.Create($"{i}", "Much");
        for (var i = 0; i < 10; i++)
            _hub.RunUntilEnded($"{i}");
        Assert.Equal(1, together.Max());
    }

    public void Dispose() => _hub.Dispose();

    private sealed class UnreadableException : Exception
    {
        public override string Message => throw new InvalidOperationException("It cannot even be read.");
    }
}
