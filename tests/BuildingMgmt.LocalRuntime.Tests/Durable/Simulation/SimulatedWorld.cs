namespace BuildingMgmt.LocalRuntime.Tests.Durable.Simulation;

/// <summary>
/// One thread, one time, one seed: what is posted to the contexts of simulated processes runs one after another in an order that the seed
/// decides, and when nothing is left to run, time jumps to the next timer.
/// </summary>
internal sealed class SimulatedWorld(int seed)
{
    // What takes no time at all for so long is a loop that would never end.
    private const int RunsAtOneTimeMax = 200_000;

    private static readonly DateTimeOffset Beginning = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly List<(SimulatedProcess Process, SendOrPostCallback Callback, object? State)> _ready = [];
    private readonly PriorityQueue<SimulatedTimer, (DateTimeOffset At, long Order)> _timers = new();
    private readonly List<(SimulatedProcess Process, SendOrPostCallback Callback, object? State)> _frozen = [];
    private long _order;

    public Random Random { get; } = new(seed);

    public DateTimeOffset Now { get; private set; } = Beginning;

    public TimeSpan Elapsed => Now - Beginning;

    /// <summary>One that outlives everything.</summary>
    public SimulatedProcess NewProcess(string name) => new(this, name);

    public bool Chance(double probability) => Random.NextDouble() < probability;

    public TimeSpan Between(double fromMs, double toMs) => TimeSpan.FromMilliseconds(fromMs + Random.NextDouble() * (toMs - fromMs));

    /// <returns>False: the condition did not hold within the time.</returns>
    public bool RunUntil(Func<bool> condition, TimeSpan atMost)
    {
        var deadline = Now + atMost;
        var runs = 0;
        while (!condition())
        {
            if (RunOne())
            {
                if (++runs > RunsAtOneTimeMax)
                    throw new InvalidOperationException($"No time passes after {Elapsed}.");
                continue;
            }

            runs = 0;
            if (!_timers.TryPeek(out var timer, out var due) || due.At > deadline)
            {
                Now = deadline;
                return false;
            }

            _timers.Dequeue();
            Now = due.At > Now ? due.At : Now;
            timer.Fire(due.Order);
        }

        return true;
    }

    internal void Post(SimulatedProcess process, SendOrPostCallback callback, object? state)
    {
        if (!process.IsDead)
            _ready.Add((process, callback, state));
    }

    internal long Schedule(SimulatedTimer timer, TimeSpan due)
    {
        var order = ++_order;
        _timers.Enqueue(timer, (Now + due, order));
        return order;
    }

    internal void Thaw()
    {
        _ready.AddRange(_frozen);
        _frozen.Clear();
    }

    private bool RunOne()
    {
        while (_ready.Count > 0)
        {
            var at = Random.Next(_ready.Count);
            var next = _ready[at];
            _ready[at] = _ready[^1];
            _ready.RemoveAt(_ready.Count - 1);
            if (next.Process.IsDead)
                continue;
            if (next.Process.IsFrozen)
            {
                _frozen.Add(next);
                continue;
            }

            var before = SynchronizationContext.Current;
            SynchronizationContext.SetSynchronizationContext(next.Process);
            try
            {
                next.Callback(next.State);
            }
            finally
            {
                SynchronizationContext.SetSynchronizationContext(before);
            }

            return true;
        }

        return false;
    }
}

/// <summary>A context and a clock that stop when their process is frozen, and for ever when it is killed.</summary>
internal sealed class SimulatedProcess(SimulatedWorld world, string name) : SynchronizationContext
{
    public string Name { get; } = name;

    public SimulatedWorld World { get; } = world;

    public TimeProvider Time => field ??= new SimulatedTime(this);

    /// <summary>How far its clock is from the others'.</summary>
    public TimeSpan Skew { get; init; }

    /// <summary>Whether faults of the store's calls may hit the process itself.</summary>
    public bool IsMortal { get; init; }

    public bool IsDead { get; private set; }

    public bool IsFrozen { get; private set; }

    public void Kill() => IsDead = true;

    public void Freeze() => IsFrozen = true;

    public void Thaw()
    {
        IsFrozen = false;
        World.Thaw();
    }

    public Task DelayAsync(TimeSpan delay) => Task.Delay(delay, Time);

    public override void Post(SendOrPostCallback d, object? state) => World.Post(this, d, state);

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    public override SynchronizationContext CreateCopy() => this;

    private sealed class SimulatedTime(SimulatedProcess process) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => process.World.Now + process.Skew;

        public override long GetTimestamp() => process.World.Elapsed.Ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new SimulatedTimer(process, callback, state);
            timer.Change(dueTime, period);
            return timer;
        }
    }
}

internal sealed class SimulatedTimer(SimulatedProcess process, TimerCallback callback, object? state) : ITimer
{
    private long _scheduled;

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (period != Timeout.InfiniteTimeSpan && period != TimeSpan.Zero)
            throw new NotSupportedException("Timers that repeat.");
        _scheduled = dueTime == Timeout.InfiniteTimeSpan ? 0 : process.World.Schedule(this, dueTime);
        return true;
    }

    /// <param name="scheduled">Which of its schedules: all but the last are void.</param>
    public void Fire(long scheduled)
    {
        if (scheduled == _scheduled)
            process.Post(_ => FireIfStill(scheduled), null);
    }

    public void Dispose() => _scheduled = 0;

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }

    private void FireIfStill(long scheduled)
    {
        if (scheduled == _scheduled)
            callback(state);
    }
}
