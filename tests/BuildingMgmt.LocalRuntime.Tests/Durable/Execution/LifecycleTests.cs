using BuildingMgmt.LocalRuntime.Durable.Execution;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Execution;

public sealed class LifecycleTests
{
    [Fact]
    public void Suspended_code_does_not_run_until_it_is_resumed()
    {
        var stepped = new Stepped(async context =>
            $"{await context.CallActivityAsync<int>("A")} {await context.WaitForExternalEvent<int>("n")} {context.CurrentUtcDateTime:HH:mm:ss}");
        stepped.Start();
        Assert.True(stepped.Step(new ExecutionSuspended("hold")).Suspended);
        stepped.Step(Stepped.Raised("n", 2)).DidNothing();
        Assert.True(stepped.Step(new TaskCompleted(0, "1"), new ExecutionSuspended(null)).Suspended);

        // The last two steps have been at 10:00:01 to :03.
        Assert.Equal("\"1 2 10:00:04\"", stepped.Step(new ExecutionResumed(null)).Completed());
    }

    [Fact]
    public void Suspension_before_the_start_holds_the_start_back()
    {
        var stepped = new Stepped(async _ => await Task.FromResult("ran"));
        stepped.Step(new ExecutionSuspended(null));
        var held = stepped.Start();
        held.DidNothing();
        Assert.True(held.Suspended);

        Assert.Equal("\"ran\"", stepped.Step(new ExecutionResumed(null)).Completed());
    }

    [Fact]
    public void Code_that_has_returned_while_suspended_ends_when_it_is_resumed()
    {
        var stepped = new Stepped(async context => await context.CallActivityAsync<int>("A"));
        stepped.Start();
        var held = stepped.Step(new TaskCompleted(0, "1"), new ExecutionSuspended(null));
        Assert.True(held.Suspended);
        Assert.Null(held.End);

        Assert.Equal("1", stepped.Step(new ExecutionResumed(null)).Completed());
    }

    [Fact]
    public void Resume_of_one_that_runs_changes_nothing()
    {
        var stepped = new Stepped(async context => await context.CallActivityAsync<int>("A"));
        stepped.Start();

        Assert.Empty(stepped.Step(new ExecutionResumed(null)).Appended);
    }

    [Fact]
    public void Termination_ends_it_though_suspended_and_the_code_sees_nothing_more()
    {
        var stepped = new Stepped(async context => await context.CallActivityAsync<int>("A"));
        stepped.Start();
        stepped.Step(new ExecutionSuspended(null), new TaskCompleted(0, "1"));
        var outcome = stepped.Step(new ExecutionTerminated("\"why\"", false), new ExecutionResumed(null));

        Assert.Equal(new ExecutionCompleted(EndStatus.Terminated, "\"why\"", null), outcome.End);
        Assert.False(outcome.Suspended);
        Assert.Equal([typeof(StepStarted), typeof(ExecutionTerminated), typeof(ExecutionCompleted)], outcome.Appended.Select(e => e.GetType()));
    }

    [Fact]
    public void Termination_before_a_delayed_start_ends_it()
    {
        var stepped = new Stepped(async _ => await Task.FromResult("ran"));

        Assert.Equal(EndStatus.Terminated, stepped.Step(new ExecutionTerminated(null, false)).End!.Status);
        Assert.Null(stepped.Kept.Name);
    }

    [Fact]
    public void Termination_among_what_it_receives_ends_it_before_its_code_runs()
    {
        var runs = 0;
        var stepped = new Stepped(async _ => await Task.FromResult(++runs));

        var outcome = stepped.Step(
            Stepped.Started(parent: new ParentTask("parent", "P", 0, 3)), Stepped.Raised("n", 1), new ExecutionTerminated("\"stop\"", false));

        Assert.Equal(new ExecutionCompleted(EndStatus.Terminated, "\"stop\"", null), outcome.End);
        Assert.Equal(0, runs);
        Assert.Equal("parent", stepped.Kept.Parent!.InstanceId);
    }

    [Fact]
    public void Doubled_stale_and_unknown_results_leave_no_trace()
    {
        var stepped = new Stepped(async context =>
            await context.CallActivityAsync<int>("A") + await context.CallActivityAsync<int>("B"));
        stepped.Start();
        stepped.Step(new TaskCompleted(0, "1"), new TaskCompleted(0, "5"), new TaskFailed(0, Stepped.Failure()));

        Assert.Empty(stepped.Step(new TaskCompleted(0, "9")).Appended);
        Assert.Empty(stepped.Step(new TimerFired(1), new ChildCompleted(1, "9"), new ChildFailed(77, Stepped.Failure())).Appended);
        Assert.Empty(stepped.Step(Stepped.Started("again")).Appended);
        Assert.Equal("3", stepped.Step(new TaskCompleted(1, "2")).Completed());
        Assert.DoesNotContain(stepped.History, e => e is TaskFailed or TaskCompleted { Output: "5" or "9" });
    }

    [Fact]
    public void Step_after_the_end_is_an_error_of_the_caller()
    {
        var stepped = new Stepped(async _ => await Task.FromResult(1));
        stepped.Start();

        Assert.Throws<InvalidOperationException>(() => stepped.Kept.Step(stepped.Now, []));
    }

    [Fact]
    public void Custom_status_stands_until_it_is_cleared()
    {
        var stepped = new Stepped(async context =>
        {
            await context.CallActivityAsync("A");
            context.SetCustomStatus(new { Percent = 50 });
            await context.CallActivityAsync("B");
            context.SetCustomStatus(null);
            return null;
        });

        Assert.Equal((null, false), Status(stepped.Start()));
        Assert.Equal(("{\"Percent\":50}", false), Status(stepped.Step(new TaskCompleted(0, null))));
        Assert.Equal(("{\"Percent\":50}", false), Status(stepped.Step(new TaskCompleted(99, null))));
        Assert.Equal((null, true), Status(stepped.Step(new TaskCompleted(1, null))));

        static (string? Text, bool Clears) Status(StepOutcome outcome) => (outcome.CustomStatus, outcome.ClearsCustomStatus);
    }

    [Fact]
    public void Guids_are_those_of_the_real_worker()
    {
        var stepped = new Stepped(async context => await Task.FromResult(new[] { context.NewGuid(), context.NewGuid() }));

        // uuid5(9e952958-5e33-4daf-827f-2fa12937b875, "instance_2026-03-01T10:00:00.0000000Z_0"), by another implementation.
        Assert.StartsWith("[\"497d9535-14a4-5753-a87c-c45aa9082048\",", stepped.Start().Completed(), StringComparison.Ordinal);
    }

    [Fact]
    public void Time_is_that_of_the_step()
    {
        var stepped = new Stepped(async context =>
        {
            var times = new List<DateTime> { context.CurrentUtcDateTime };
            await context.CallActivityAsync("A");
            times.Add(context.CurrentUtcDateTime);
            return times;
        });
        stepped.Start();
        stepped.Now = stepped.Now.AddMinutes(5);

        Assert.Equal("[\"2026-03-01T10:00:00Z\",\"2026-03-01T10:05:01Z\"]", stepped.Step(new TaskCompleted(0, null)).Completed());
    }

    [Fact]
    public void Versions_are_compared_as_numbers()
    {
        var stepped = new Stepped(async context =>
            await Task.FromResult(new[] { context.CompareVersionTo("1.9"), context.CompareVersionTo("1.10"), context.CompareVersionTo("") }.Select(Math.Sign)));

        Assert.Equal("[1,0,1]", stepped.Step(Stepped.Started(version: "1.10")).Completed());
    }

    [Fact]
    public void Name_and_trace_are_known_from_the_start_on()
    {
        var stepped = new Stepped(async context => await context.CallActivityAsync<int>(context.Name));
        Assert.Null(stepped.Kept.Name);
        stepped.Step(Stepped.Started() with { TraceParent = "00-trace" });

        Assert.Equal((Stepped.Name, "00-trace"), (stepped.Kept.Name, stepped.Kept.TraceParent));
    }

    [Fact]
    public void Replay_is_silent_and_says_so()
    {
        var log = new ListLogger();
        using var loggers = LoggerFactory.Create(builder => builder.AddProvider(log));
        var replays = new List<string>();
        var first = Make();
        first.Replay([]);
        var history = first.Step(DateTimeOffset.UnixEpoch, [Stepped.Started()]).Appended;
        Assert.Equal(["one"], log.Lines);

        var anew = Make();
        anew.Replay(history);
        anew.Step(DateTimeOffset.UnixEpoch, [new TaskCompleted(0, null)]);

        Assert.Equal(["one", "two"], log.Lines);
        Assert.Equal(["one False", "one True", "two False"], replays);

        OrchestrationExecution Make() => new("i", 0, _ => CodeAsync, Microsoft.DurableTask.Converters.JsonDataConverter.Default, loggers);

        async Task<object?> CodeAsync(TaskOrchestrationContext context)
        {
            replays.Add($"one {context.IsReplaying}");
            context.CreateReplaySafeLogger<LifecycleTests>().LogInformation("one");
            await context.CallActivityAsync("A");
            replays.Add($"two {context.IsReplaying}");
            context.ReplaySafeLoggerFactory.CreateLogger("two").LogInformation("two");
            return null;
        }
    }

    private sealed class ListLogger : ILoggerProvider, ILogger
    {
        public List<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Lines.Add(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
