using System.Diagnostics;
using BuildingMgmt.LocalStack.Processes;

namespace BuildingMgmt.LocalStack.Running;

/// <summary>Keeps an eye on the services: one that dies takes the others along, or is started again if so wanted.</summary>
/// <param name="restarts">True starts a service that died again.</param>
/// <param name="changed">Called after a service runs again, as another process, and after one has done its work.</param>
/// <param name="say">Takes a line for the user.</param>
internal sealed class Supervisor(bool restarts, Action changed, Action<string> say) : IAsyncDisposable
{
    private static readonly TimeSpan RestartPause = TimeSpan.FromMilliseconds(500);
    private const int RestartAttempts = 20;

    // The app gives a running batch as long to end before it cancels it, and may take 9 s in all. That is more than the stores can
    // spare here, and far more than a batch takes, so that an ordered stop waits for each to its end. One that still hangs after
    // 6 s is killed with its process; its events come again, as after any crash.
    private static readonly TimeSpan WorkersPatience = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan StopBudget = TimeSpan.FromSeconds(9);
    private static readonly TimeSpan StoresPatienceMin = TimeSpan.FromMilliseconds(500);

    private readonly CancellationTokenSource ending = new();
    private readonly TaskCompletionSource<ServiceFailedException> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private readonly List<SupervisedService> services = [];
    private readonly List<Task> watchers = [];

    /// <summary>Completes with the reason when a service died that should not have.</summary>
    public Task<ServiceFailedException> Failed => failed.Task;

    /// <summary>Cancelled when the stack goes down, for whichever reason.</summary>
    public CancellationToken Ending => ending.Token;

    /// <summary>Services that were started, in the order in which they came up.</summary>
    public IReadOnlyList<SupervisedService> Services
    {
        get
        {
            lock (gate)
                return [.. services];
        }
    }

    public async Task<SupervisedService> StartAsync(SupervisedService service, CancellationToken cancellationToken)
    {
        await service.StartAsync(cancellationToken);
        lock (gate)
        {
            services.Add(service);
            watchers.Add(WatchAsync(service));
        }

        return service;
    }

    /// <summary>Takes everything down, workers before stores, within 10 s.</summary>
    public async ValueTask DisposeAsync()
    {
        var began = Stopwatch.GetTimestamp();
        // Whatever fails on the way, nothing stays running.
        try
        {
            await ending.CancelAsync();
            await Task.WhenAll(watchers);
        }
        finally
        {
            try
            {
                await StopAsync(StopTurn.Workers, WorkersPatience);
            }
            finally
            {
                // What the workers left of the time is the stores': PostgreSQL writes its memory down, Azurite saves. A restart
                // that was called off may have used up all of it.
                var left = StopBudget - Stopwatch.GetElapsedTime(began);
                await StopAsync(StopTurn.Stores, left > StoresPatienceMin ? left : StoresPatienceMin);
                ending.Dispose();
            }
        }
    }

    private Task StopAsync(StopTurn turn, TimeSpan patience) =>
        Task.WhenAll(Services.Where(service => service.StopTurn == turn).Select(service => StopAsync(service, patience)));

    private async Task StopAsync(SupervisedService service, TimeSpan patience)
    {
        var process = service.Process;
        var wasRunning = !process.Exited.IsCompleted;
        if (!await process.StopAsync(patience) && wasRunning)
            say($"Asked to stop, {process.Ended(await process.Exited).Message}");
    }

    private async Task WatchAsync(SupervisedService service)
    {
        try
        {
            while (true)
            {
                var exitCode = await service.Process.Exited.WaitAsync(ending.Token);
                if (service.MayEnd)
                {
                    Forget(service);
                    return;
                }

                var reason = service.Process.Ended(exitCode);
                if (!restarts)
                {
                    await FailAsync(new($"{reason.Message}\nEverything was taken down; with --restart-services it is started again instead."));
                    return;
                }

                say($"{reason.Message}\nStarting \"{service.Name}\" again.");
                await RestartAsync(service);
                changed();
            }
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // The stack goes down; whoever takes it down ends this process as well.
        }
        catch (ServiceFailedException reason)
        {
            await FailAsync(reason);
        }
        catch (Exception error)
        {
            // A full disk, say, under run.json or a log: a service that nobody watches any more must not go on unnoticed.
            await FailAsync(new($"\"{service.Name}\" could not be looked after any longer: {error.Message}", error));
        }
    }

    private void Forget(SupervisedService service)
    {
        lock (gate)
            services.Remove(service);
        changed();
    }

    // What a killed process held (a port, shared memory, a lease) may take a moment to be free.
    private async Task RestartAsync(SupervisedService service)
    {
        for (var attempt = 1; ; attempt++)
        {
            await Task.Delay(RestartPause, ending.Token);
            try
            {
                await service.StartAsync(ending.Token);
                return;
            }
            catch (ServiceFailedException) when (attempt < RestartAttempts)
            {
                say($"\"{service.Name}\" did not come up; trying again.");
            }
        }
    }

    private async Task FailAsync(ServiceFailedException reason)
    {
        if (failed.TrySetResult(reason))
            await ending.CancelAsync();
    }
}
