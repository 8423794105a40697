using BuildingMgmt.LocalRuntime.Functions;
using Microsoft.Azure.Functions.Worker.Extensions.Abstractions;
using Microsoft.Extensions.Hosting;

namespace BuildingMgmt.LocalRuntime.Hosting;

/// <summary>Runs one function for as long as the host runs.</summary>
internal interface ITriggerListener
{
    void Start();

    /// <summary>Takes nothing new and waits for a running function.</summary>
    /// <param name="cancelRuns">Tells a running function that time is up.</param>
    Task StopAsync(CancellationToken cancelRuns);
}

/// <summary>Starts and stops the listeners of all functions with one kind of trigger.</summary>
internal abstract class TriggerService<TTrigger>(LoadedFunctions functions, TimeProvider time) : IHostedService
    where TTrigger : TriggerBindingAttribute
{
    private ITriggerListener[] _listeners = [];

    protected TimeProvider Time { get; } = time;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listeners = [.. functions.Of<TTrigger>().Select(pair => Listener(pair.Function, pair.Trigger))];
        foreach (var listener in _listeners)
            listener.Start();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        using var grace = new CancellationTokenSource(HostTimes.TriggeredGrace, Time);
        using var cancelRuns = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, grace.Token);
        try
        {
            await Task.WhenAll(_listeners.Select(listener => listener.StopAsync(cancelRuns.Token)))
                .WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // A function does not hear its token. Nothing is lost: no checkpoint moved behind it, and a timer's run counts as missed.
        }
    }

    /// <exception cref="Microsoft.Azure.Functions.Worker.FunctionWorkerException">The function's trigger or its settings cannot be served.</exception>
    protected abstract ITriggerListener Listener(LoadedFunction function, TTrigger trigger);
}
