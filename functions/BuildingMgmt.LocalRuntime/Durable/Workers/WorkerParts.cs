using BuildingMgmt.LocalRuntime.Durable.Store;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>What a worker is given.</summary>
/// <param name="Random">Spreads retries. Used by the worker's context alone.</param>
/// <param name="Ended">Is told of every instance that ends in this process.</param>
internal sealed record WorkerParts(
    IDurableStore Store,
    IDurableFunctions Functions,
    DataConverter Converter,
    DurableWorkerSettings Settings,
    IStepScheduler Scheduler,
    TimeProvider Time,
    Random Random,
    ILoggerFactory Loggers,
    DurableMeter Meter,
    EndedInstances Ended)
{
    public Backoff NewBackoff() => new(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2), Random);

    public Task<T> CallStoreAsync<T>(Func<IDurableStore, Task<T>> call) => Scheduler.CallStoreAsync(() => call(Store));

    /// <summary>Ends early, without an exception, when the token is cancelled.</summary>
    public async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken) =>
        await Task.Delay(pause, Time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
}
