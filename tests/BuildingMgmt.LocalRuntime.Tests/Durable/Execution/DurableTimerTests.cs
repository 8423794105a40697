using BuildingMgmt.LocalRuntime.Durable.Execution;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Execution;

public sealed class DurableTimerTests
{
    [Fact]
    public void Timer_of_any_length_is_one_timer()
    {
        var stepped = new Stepped(async context =>
        {
            await context.CreateTimer(TimeSpan.FromDays(4_000), CancellationToken.None);
            return context.CurrentUtcDateTime;
        });
        var timer = stepped.Start().Did<TimerCreated>();
        Assert.Equal(stepped.Now.AddSeconds(-1).AddDays(4_000), timer.FireAt);
        stepped.Now = timer.FireAt.AddSeconds(2);

        Assert.Equal("\"2037-02-11T10:00:02Z\"", stepped.Step(new TimerFired(0)).Completed());
    }

    [Fact]
    public void Time_after_a_timer_is_never_before_it()
    {
        var stepped = new Stepped(async context =>
        {
            var due = context.CurrentUtcDateTime.AddHours(1);
            await context.CreateTimer(due, CancellationToken.None);
            return context.CurrentUtcDateTime >= due;
        });
        stepped.Start();

        // This process's clock is behind that of the one who says when the timer is due.
        Assert.Equal("true", stepped.Step(new TimerFired(0)).Completed());
    }

    [Fact]
    public void Time_never_goes_back()
    {
        var stepped = new Stepped(async context =>
        {
            var before = context.CurrentUtcDateTime;
            await context.CallActivityAsync("A");
            return context.CurrentUtcDateTime >= before;
        });
        stepped.Start();
        stepped.Now = stepped.Now.AddDays(-1);

        Assert.Equal("true", stepped.Step(new TaskCompleted(0, null)).Completed());
    }

    [Fact]
    public void Cancelled_timer_is_not_waited_for_and_its_firing_changes_nothing()
    {
        var stepped = new Stepped(async context =>
        {
            using var cancel = new CancellationTokenSource();
            var timer = context.CreateTimer(TimeSpan.FromDays(1), cancel.Token);
            await context.CallActivityAsync("A");
            cancel.Cancel();
            var cancelled = timer.IsCanceled;
            await context.CallActivityAsync("B");
            return cancelled;
        });
        stepped.Start();
        var cancelling = stepped.Step(new TaskCompleted(1, null));
        cancelling.Did<TaskScheduled>();

        Assert.Equal(0, Assert.Single(cancelling.CancelledTimers).Id);
        var fired = stepped.Step(new TimerFired(0));
        Assert.Empty(fired.Appended);
        Assert.Empty(fired.CancelledTimers);
        Assert.Equal("true", stepped.Step(new TaskCompleted(2, null)).Completed());
    }

    [Fact]
    public void Timer_of_a_cancelled_token_is_cancelled_at_once()
    {
        var stepped = new Stepped(async context =>
        {
            var timer = context.CreateTimer(TimeSpan.FromDays(1), new CancellationToken(canceled: true));
            return await Task.FromResult(timer.IsCanceled);
        });

        Assert.Equal("true", stepped.Start().Completed());
    }

    [Fact]
    public void Open_timer_keeps_the_orchestration_running()
    {
        var stepped = new Stepped(async context =>
        {
            await Task.WhenAny(context.CreateTimer(TimeSpan.FromDays(1), CancellationToken.None), context.CallActivityAsync("A"));
            return "done";
        });
        stepped.Start();
        stepped.Step(new TaskCompleted(1, null)).DidNothing();

        Assert.Equal("\"done\"", stepped.Step(new TimerFired(0)).Completed());
    }

    [Fact]
    public void Waiting_for_a_cancelled_timer_that_nobody_catches_fails_the_orchestration()
    {
        var stepped = new Stepped(async context =>
        {
            await context.CreateTimer(TimeSpan.FromDays(1), new CancellationToken(canceled: true));
            return null;
        });

        Assert.Equal(typeof(TaskCanceledException).FullName, stepped.Start().Failed().ErrorType);
    }
}
