using System.Collections.Concurrent;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>Runs what is posted to it one after another, on whichever thread of the pool is free: what lives on it needs no locks.</summary>
internal sealed class SerialContext : SynchronizationContext, IThreadPoolWorkItem
{
    // One that stays busy gives its thread back in between.
    private const int RunsInOneGo = 256;

    private readonly ConcurrentQueue<(SendOrPostCallback Callback, object? State)> _posted = new();
    private int _scheduled;

    public override void Post(SendOrPostCallback d, object? state)
    {
        _posted.Enqueue((d, state));
        Schedule();
    }

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException("Would block a thread.");

    public override SynchronizationContext CreateCopy() => this;

    void IThreadPoolWorkItem.Execute()
    {
        var before = Current;
        SetSynchronizationContext(this);
        for (var runs = 0; runs < RunsInOneGo && _posted.TryDequeue(out var posted); runs++)
            posted.Callback(posted.State);
        SetSynchronizationContext(before);

        // First free, then look again: who posted before saw it taken, and leaves it to this one.
        Volatile.Write(ref _scheduled, 0);
        Interlocked.MemoryBarrier();
        if (!_posted.IsEmpty)
            Schedule();
    }

    private void Schedule()
    {
        if (Interlocked.Exchange(ref _scheduled, 1) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }
}
