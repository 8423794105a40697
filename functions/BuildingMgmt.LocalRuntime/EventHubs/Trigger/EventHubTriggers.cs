using BuildingMgmt.LocalRuntime.Configuration;
using BuildingMgmt.LocalRuntime.Functions;
using BuildingMgmt.LocalRuntime.Hosting;
using BuildingMgmt.LocalRuntime.Storage;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
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
    ILogger<EventHubTriggers> logger) : TriggerService<EventHubTriggerAttribute>(functions, time)
{
    private readonly string _instance = Guid.NewGuid().ToString();

    protected override ITriggerListener Listener(LoadedFunction function, EventHubTriggerAttribute trigger)
    {
        RetryDelay.Check(function);
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

        var blobs = new PartitionBlobs(storage.Container(PartitionBlobs.ContainerName), address.Namespace, address.Hub, consumerGroup);
        return new EventHubListener(
            new PartitionWork(function, address, consumerGroup, _instance, settings, blobs, runner, Time, logger));
    }
}
