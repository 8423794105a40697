using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>
/// Runs the orchestrations and activities of a hub in this process, together with the workers of other processes. When the store calls it
/// dead, it enters anew; when the store is away, it tries until it is back. Its methods may be called on any thread.
/// </summary>
/// <param name="context">Where all its state lives: a <see cref="SerialContext"/>, or what a simulation drives.</param>
internal sealed class DurableWorker(WorkerParts parts, SynchronizationContext context)
{
    private readonly ILogger _logger = parts.Loggers.CreateLogger<DurableWorker>();
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile WorkerLife? _life;
    private bool _started;

    /// <summary>Number of the worker when it has room for a new instance, which it then runs without being told; otherwise null.</summary>
    public long? Owner => _life is { HasRoom: true } life ? life.Worker : null;

    /// <summary>Register here to hear of instances that end in this process.</summary>
    public EndedInstances Ended => parts.Ended;

    public void Start() => context.Post(static worker => _ = ((DurableWorker)worker!).RunAsync(), this);

    /// <summary>Something was made or sent in this process.</summary>
    public void Wake() => context.Post(static worker => ((DurableWorker)worker!)._life?.Take(), this);

    /// <summary>Brings to an end what runs, and gives up the rest, so that other processes go on with it at once.</summary>
    /// <param name="timeIsUp">Cancels activities that still run; they run again elsewhere.</param>
    public Task StopAsync(CancellationToken timeIsUp)
    {
        context.Post(_ => Stop(timeIsUp), null);
        return _stopped.Task;
    }

    private void Stop(CancellationToken timeIsUp)
    {
        if (_stopping.IsCancellationRequested)
            return;
        _stopping.Cancel();
        if (!_started)
            _stopped.TrySetResult();
        if (_life is { } life)
            _ = life.LeaveAsync(timeIsUp);
    }

    private async Task RunAsync()
    {
        _started = true;
        var health = new StoreHealth(_logger, parts.Time);
        var slots = new ActivitySlots(parts.Settings.MaxConcurrentActivities);
        var backoff = parts.NewBackoff();
        while (!_stopping.IsCancellationRequested)
        {
            var began = parts.Time.GetTimestamp();
            try
            {
                var worker = await parts.Store.EnterAsync(_stopping.Token);
                health.Worked(VitalCalls.Enter);
                _life = new(parts, worker, slots, health, _logger);
                if (_stopping.IsCancellationRequested)
                    _ = _life.LeaveAsync(new CancellationToken(canceled: true));
                await _life.RunAsync();
                _life = null;
                backoff.Reset();
            }
            catch (Exception e)
            {
                if (!_stopping.IsCancellationRequested)
                    health.Failed(VitalCalls.Enter, began, e);
                await parts.PauseAsync(backoff.Next(), _stopping.Token);
            }
        }

        _stopped.TrySetResult();
    }
}
