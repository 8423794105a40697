using BuildingMgmt.LocalRuntime.Configuration;
using BuildingMgmt.LocalRuntime.Functions;
using BuildingMgmt.LocalRuntime.Hosting;
using BuildingMgmt.LocalRuntime.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>Starts and stops the listeners of all Event Hubs functions.</summary>
internal sealed class EventHubTriggers(
    LoadedFunctions functions,
    EventHubSettings settings,
    IConfiguration configuration,
    HostStorage storage,
    FunctionRunner runner,
    TimeProvider time,
    ILogger<EventHubTriggers> logger) : IHostedService
{
    private readonly string _instance = Guid.NewGuid().ToString();
    private EventHubListener[] _listeners = [];

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listeners = [.. functions.Of<EventHubTriggerAttribute>().Select(pair => Listener(pair.Function, pair.Trigger))];
        foreach (var listener in _listeners)
            listener.Start();
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        using var cancelRuns = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        cancelRuns.CancelAfter(HostTimes.TriggeredGrace);
        var stopped = Task.WhenAll(_listeners.Select(listener => listener.StopAsync(cancelRuns.Token)));
        try
        {
            await stopped.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // A function does not hear its token. Nothing is lost: its checkpoint has not moved.
        }
    }

    private EventHubListener Listener(LoadedFunction function, EventHubTriggerAttribute trigger)
    {
        FunctionRunner.CheckRetry(function);
        var connectionSetting = trigger.Connection
            ?? throw new FunctionWorkerException($"Function {function}: its Event Hubs trigger names no Connection, the setting that holds the connection string.");
        var connectionString = configuration[connectionSetting];
        if (string.IsNullOrEmpty(connectionString))
            throw new FunctionWorkerException($"Function {function}: setting \"{connectionSetting}\" is missing; it holds the Event Hubs connection string.");
        var hub = SettingReference.Resolve(trigger.EventHubName, configuration, function);
        var consumerGroup = trigger.ConsumerGroup is { } group ? SettingReference.Resolve(group, configuration, function) : "$Default";
        HubAddress address;
        try
        {
            address = HubAddress.Parse(connectionString, hub);
        }
        catch (ArgumentException e)
        {
            throw new FunctionWorkerException($"Function {function}: setting \"{connectionSetting}\": {e.Message}", e);
        }

        var blobs = new PartitionBlobs(storage.Container(PartitionBlobs.ContainerName), address.Host, address.Hub, consumerGroup);
        return new EventHubListener(
            new PartitionWork(function, address, consumerGroup, _instance, settings, blobs, runner, time, logger));
    }
}
