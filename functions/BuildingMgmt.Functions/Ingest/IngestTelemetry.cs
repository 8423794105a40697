using Azure.Messaging.EventHubs;
using BuildingMgmt.Functions.SensorData;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Takes gateway batches from the hub.</summary>
public sealed class IngestTelemetry(TelemetryIngest ingest, IOptions<IngestOptions> options)
{
    /// <summary>
    /// Stores a batch of one partition. It is tried again for ever: a bad event is dead-lettered, so what is thrown here is a
    /// store that is away, and the checkpoint moves past a batch whose retries are spent.
    /// </summary>
    [Function(nameof(IngestTelemetry))]
    [ExponentialBackoffRetry(-1, "00:00:01", "00:00:10")]
    public Task RunAsync(
        [EventHubTrigger(TelemetryHub.HubName, Connection = "EventHubs", IsBatched = true)] EventData[] events,
        FunctionContext context,
        CancellationToken cancellationToken) =>
        ingest.StoreAsync(HubEvents.Read(events, options.Value.TrustIotHubProperties), HubEvents.Partition(context), cancellationToken);
}
