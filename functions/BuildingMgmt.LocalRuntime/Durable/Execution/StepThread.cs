namespace BuildingMgmt.LocalRuntime.Durable.Execution;

/// <summary>
/// Where an orchestrator's code runs: on the one thread that steps it, one piece after another, in the order in which they became ready.
/// A continuation from another thread means that the code awaited something that no history records; it is not run, only noted.
/// </summary>
internal sealed class StepThread(Action onLeft) : SynchronizationContext
{
    private const int Nobody = 0;

    private readonly Queue<(SendOrPostCallback Callback, object? State)> posted = new();
    private volatile int owner = Nobody;
    private int left;

    /// <summary>Whether the caller is the code, in a step.</summary>
    public bool IsHere => owner == Environment.CurrentManagedThreadId;

    /// <summary>Whether the code has awaited, or gone on, somewhere else.</summary>
    public bool Left => Volatile.Read(ref left) != 0;

    /// <summary>Runs <paramref name="work"/> as the code's thread.</summary>
    public void Run(Action work)
    {
        var before = Current;
        SetSynchronizationContext(this);
        owner = Environment.CurrentManagedThreadId;
        try
        {
            work();
        }
        finally
        {
            owner = Nobody;
            SetSynchronizationContext(before);
        }
    }

    /// <summary>Runs what has become ready, until nothing is.</summary>
    public void Drain()
    {
        while (posted.TryDequeue(out var next))
            next.Callback(next.State);
    }

    /// <exception cref="InvalidOperationException">The caller is not the code's thread.</exception>
    public void Check()
    {
        if (IsHere)
            return;
        NoteLeft();
        throw IllegalAwait();
    }

    /// <summary>Tells of it the first time: nothing may ever come that makes another step, in which the code would fail.</summary>
    public void NoteLeft()
    {
        if (Interlocked.Exchange(ref left, 1) == 0)
            onLeft();
    }

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (IsHere)
            posted.Enqueue((d, state));
        else
            NoteLeft();
    }

    public override void Send(SendOrPostCallback d, object? state)
    {
        Check();
        d(state);
    }

    // Copies would each have a queue of their own.
    public override SynchronizationContext CreateCopy() => this;

    public static InvalidOperationException IllegalAwait() => new(
        "The orchestrator waited for something that is not a task of its context (I/O, Task.Delay, Task.Run, ConfigureAwait(false) or a middleware "
        + "that does so). Replay cannot repeat that: leave it to an activity, or use a timer of the context.");
}
