using BuildingMgmt.LocalRuntime.Durable;
using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Durable.Workers;
using BuildingMgmt.Testing;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Workers;

public sealed class WorkerPiecesTests
{
    [Fact]
    public void An_activity_that_was_answered_is_remembered_while_many_more_are()
    {
        var answered = new AnsweredActivities();
        for (var id = 0; id < 10_000; id++)
            answered.Add(id);
        answered.Add(9_999);
        Assert.True(answered.Contains(0));

        answered.Add(10_000);
        Assert.False(answered.Contains(0));
        Assert.True(answered.Contains(1));
    }

    [Fact]
    public void Waits_grow_by_two_to_their_bound_and_are_spread_over_their_upper_half()
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2), new Random(1));
        double[] whole = [50, 100, 200, 400, 800, 1_600, 2_000, 2_000];
        foreach (var expected in whole)
            Assert.InRange(backoff.Next().TotalMilliseconds, expected / 2, expected);
        for (var i = 0; i < 2_000; i++)
            Assert.InRange(backoff.Next().TotalMilliseconds, 1_000, 2_000);
        backoff.Reset();
        Assert.InRange(backoff.Next().TotalMilliseconds, 25, 50);
    }

    [Fact]
    public void Nobody_is_to_blame_while_everything_fails()
    {
        var trouble = Trouble();
        for (var i = 0; i < 100; i++)
            trouble.Failed(new InvalidOperationException(), others: 7);
        Assert.True(trouble.Alone);
        for (var others = 8; others < 17; others++)
            trouble.Failed(new InvalidOperationException(), others);
        Assert.False(trouble.IsHopeless);
        trouble.Failed(new InvalidOperationException(), others: 17);
        Assert.True(trouble.IsHopeless);
    }

    [Fact]
    public void What_cannot_be_written_is_to_blame_itself_and_what_waits_for_others_never()
    {
        var (data, passing) = (Trouble(), Trouble());
        for (var others = 0; others < 100; others++)
        {
            data.Failed(new ArgumentOutOfRangeException(), others: 0);
            passing.Failed(new TimeoutException(), others);
        }

        Assert.True(data.IsHopeless);
        Assert.False(passing.IsHopeless);
    }

    [Fact]
    public void A_wake_that_came_before_the_wait_ends_it_at_once()
    {
        var time = new FakeTimeProvider();
        var signal = new WakeSignal(time);
        signal.Set();
        Assert.True(signal.WaitAsync(TimeSpan.FromMinutes(1)).IsCompleted);
        Assert.False(signal.WaitAsync(TimeSpan.FromMinutes(1)).IsCompleted);
    }

    [Fact]
    public async Task A_wait_that_nobody_wakes_ends_in_its_time()
    {
        var time = new FakeTimeProvider();
        var wait = new WakeSignal(time).WaitAsync(TimeSpan.FromMinutes(1));
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.False(wait.IsCompleted);
        time.Advance(TimeSpan.FromSeconds(1));
        await wait;
    }

    [Fact]
    public async Task What_is_posted_from_many_threads_runs_one_at_a_time_and_all_of_it()
    {
        const int Threads = 8, Each = 5_000;
        var context = new SerialContext();
        var (ran, inside, overlapped, elsewhere) = (0, 0, false, false);
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < Each; i++)
            {
                context.Post(
                    _ =>
                    {
                        overlapped |= Interlocked.Increment(ref inside) != 1;
                        elsewhere |= SynchronizationContext.Current != context;
                        ran++;
                        Interlocked.Decrement(ref inside);
                    },
                    null);
            }
        }, TestContext.Current.CancellationToken)));
        await Eventually.TrueAsync(() => Task.FromResult(Volatile.Read(ref ran) == Threads * Each), TimeSpan.FromSeconds(30), "all has run",
            TestContext.Current.CancellationToken);
        Assert.False(overlapped);
        Assert.False(elsewhere);
    }

    [Fact]
    public void Whoever_waits_for_an_end_is_told_of_it_once_and_of_no_other()
    {
        var ended = new EndedInstances();
        using var first = ended.Register("a");
        using var second = ended.Register("a");
        using var other = ended.Register("b");
        var gone = ended.Register("a");
        gone.Dispose();
        ended.Tell("a");
        Assert.Equal([true, true, false, false], [first.Ended.IsCompleted, second.Ended.IsCompleted, other.Ended.IsCompleted, gone.Ended.IsCompleted]);
        ended.Tell("a");
    }

    [Fact]
    public void Sessions_are_given_only_to_a_step_that_is_as_far_as_they_are()
    {
        var sessions = new InstanceSessions(new(), TimeProvider.System);
        sessions.Keep(Session("a", execution: 1, step: 5));
        Assert.Null(sessions.Take(Taken("b", 1, 5)));
        Assert.NotNull(sessions.Take(Taken("a", 1, 5)));
        Assert.Null(sessions.Take(Taken("a", 1, 5)));
        sessions.Keep(Session("a", execution: 1, step: 5));
        Assert.Null(sessions.Take(Taken("a", 1, 6)));
        sessions.Keep(Session("a", execution: 1, step: 5));
        Assert.Null(sessions.Take(Taken("a", 2, 5)));
        Assert.Equal(0, sessions.Count);
    }

    [Fact]
    public void The_session_that_has_rested_longest_goes_when_there_are_too_many()
    {
        var sessions = new InstanceSessions(new() { SessionsMax = 2 }, TimeProvider.System);
        Assert.Empty(sessions.Keep(Session("a")));
        Assert.Empty(sessions.Keep(Session("b")));
        Assert.NotNull(sessions.Take(Taken("a", 0, 1)));
        Assert.Empty(sessions.Keep(Session("a")));
        Assert.Equal(["b"], sessions.Keep(Session("c")));
        Assert.Equal(2, sessions.Count);
    }

    [Fact]
    public void Sessions_that_rest_too_long_go_and_others_stay()
    {
        var time = new FakeTimeProvider();
        var sessions = new InstanceSessions(new() { ExtendedSessionIdle = TimeSpan.FromSeconds(30) }, time);
        sessions.Keep(Session("a"));
        time.Advance(TimeSpan.FromSeconds(20));
        sessions.Keep(Session("b"));
        time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(["a"], sessions.RemoveIdle());
        Assert.Equal(1, sessions.Count);
    }

    [Fact]
    public void Sessions_are_bounded_by_their_events_together_and_a_long_one_is_not_kept()
    {
        var sessions = new InstanceSessions(new() { SessionsWeightMax = 40 }, TimeProvider.System);
        Assert.True(sessions.MayKeep(Session("a", events: 10).Code));
        Assert.False(sessions.MayKeep(Session("a", events: 11).Code));
        for (var i = 0; i < 4; i++)
            Assert.Empty(sessions.Keep(Session($"{i}", events: 10)));
        Assert.Equal(["0", "1"], sessions.Keep(Session("4", events: 10)).Concat(sessions.Keep(Session("5", events: 10))));
        Assert.Equal(40, sessions.Weight);
        Assert.False(new InstanceSessions(new() { ExtendedSessions = false }, TimeProvider.System).MayKeep(Session("a").Code));
    }

    [Fact]
    public void An_event_weighs_by_what_it_carries_however_it_carries_it()
    {
        var text = new string('x', 5_000);
        var failure = new TaskFailureDetails("E", "short", null, new("E", text, null, null, null), null);
        HistoryEvent[] carriers =
        [
            new ExecutionStarted("Flow", null, text, null, null), new TaskScheduled(0, "Work", null, text), new TaskCompleted(0, text), new TaskFailed(0, failure),
            new ChildCreated(0, "a", "Flow", null, text), new ChildCompleted(0, text), new ChildFailed(0, failure), new EventSent(0, "a", "E", text),
            new EventRaised("E", text, Guid.Empty), new ExecutionTerminated(text, false), new ExecutionCompleted(EndStatus.Failed, null, failure),
            new ExecutionCompleted(EndStatus.Completed, text, null),
        ];
        Assert.All(carriers, carrier => Assert.Equal(11, carrier.Weight()));
        Assert.Equal(1, new StepStarted(DateTimeOffset.UnixEpoch).Weight());
    }

    [Fact]
    public void A_session_with_much_in_it_counts_for_many()
    {
        var code = Code("a", [new ExecutionStarted("Flow", null, new string('x', 5_000), null, null)]);
        Assert.False(new InstanceSessions(new() { SessionsWeightMax = 40 }, TimeProvider.System).MayKeep(code));
        Assert.True(new InstanceSessions(new() { SessionsWeightMax = 44 }, TimeProvider.System).MayKeep(code));
    }

    private static Trouble Trouble() => new(new Backoff(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1), new Random(1)));

    private static TakenInstance Taken(string id, int execution, long step) => new(id, 0, execution, step, DateTimeOffset.UnixEpoch, []);

    private static InstanceSession Session(string id, int execution = 0, long step = 1, int events = 2) =>
        new(id, execution, step, Code(id, [.. Enumerable.Range(0, events).Select(_ => new StepStarted(DateTimeOffset.UnixEpoch))], execution));

    private static OrchestrationExecution Code(string id, IReadOnlyList<HistoryEvent> past, int execution = 0)
    {
        var code = new OrchestrationExecution(id, execution, _ => _ => Task.FromResult<object?>(null), new JsonDataConverter(), NullLoggerFactory.Instance);
        code.Replay(past);
        return code;
    }
}
