namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>Where runs what may take long: away from the worker's own context, which it must never hold up.</summary>
internal interface IStepScheduler
{
    Task<T> RunStepAsync<T>(Func<Task<T>> step);

    Task<T> RunActivityAsync<T>(Func<Task<T>> activity);

    /// <summary>A call that carries payloads: megabytes are packed before it is sent, and unpacked when it is answered.</summary>
    Task<T> CallStoreAsync<T>(Func<Task<T>> call);
}

/// <summary>On the thread pool.</summary>
internal sealed class PoolScheduler : IStepScheduler
{
    public Task<T> RunStepAsync<T>(Func<Task<T>> step) => Task.Run(step);

    public Task<T> RunActivityAsync<T>(Func<Task<T>> activity) => Task.Run(activity);

    public Task<T> CallStoreAsync<T>(Func<Task<T>> call) => Task.Run(call);

    /// <summary>
    /// Has the pool make as many threads as may block in the app's code at once without hesitating: it would add one or two a second, and a
    /// worker whose continuations wait for a thread so long misses its own lease.
    /// </summary>
    public static void MakeRoomFor(DurableWorkerSettings settings)
    {
        ThreadPool.GetMinThreads(out var workers, out var completions);
        var wanted = Environment.ProcessorCount + settings.MaxConcurrentActivities + settings.MaxConcurrentOrchestrators;
        ThreadPool.GetMaxThreads(out var most, out _);
        if (workers < wanted)
            ThreadPool.SetMinThreads(Math.Min(wanted, most), completions);
    }
}
