namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>Where the app's code runs: away from the worker's own context, which it must never hold up.</summary>
internal interface IStepScheduler
{
    Task<T> RunStepAsync<T>(Func<Task<T>> step);

    Task<T> RunActivityAsync<T>(Func<Task<T>> activity);
}

/// <summary>On the thread pool.</summary>
internal sealed class PoolScheduler : IStepScheduler
{
    public Task<T> RunStepAsync<T>(Func<Task<T>> step) => Task.Run(step);

    public Task<T> RunActivityAsync<T>(Func<Task<T>> activity) => Task.Run(activity);

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
