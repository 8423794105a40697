using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.LocalRuntime.Tests.Hosting;

public sealed class HostTimesTests
{
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);

    [Fact]
    public void Http_runs_are_told_to_stop_a_little_after_the_host_was()
    {
        var time = new FakeTimeProvider();
        using var times = new HostTimes(_lifetime, Timeout.InfiniteTimeSpan, time);

        _lifetime.StopApplication();
        Assert.False(times.HttpStopping.IsCancellationRequested);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.True(times.HttpStopping.IsCancellationRequested);
    }

    [Fact]
    public void Timer_that_fires_beside_the_end_of_the_host_does_no_harm()
    {
        var time = new LateTimers();
        var times = new HostTimes(_lifetime, Timeout.InfiniteTimeSpan, time);
        _lifetime.StopApplication();
        times.Dispose();

        time.Fire();
    }

    /// <summary>Timers whose callbacks were already on their way when they were disposed of.</summary>
    private sealed class LateTimers : TimeProvider
    {
        private event Action? Fired;

        public void Fire()
        {
            Assert.NotNull(Fired);
            Fired();
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Fired += () => callback(state);
            return new LateTimer();
        }

        private sealed class LateTimer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
