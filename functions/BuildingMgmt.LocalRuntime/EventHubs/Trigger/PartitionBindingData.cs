using System.Text.Json;
using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>
/// What a function can ask for beside its events, under the names and in the form in which the real worker has them: what is no text comes
/// as JSON. Properties of single events stand in the events; here are those that a batch cannot be understood without.
/// </summary>
internal sealed class PartitionBindingData(HubAddress address, string consumerGroup, string partition)
{
    private readonly string _thenCheckpoint = PartitionContext(address, consumerGroup, partition, checkpointing: true);
    private readonly string _noCheckpoint = PartitionContext(address, consumerGroup, partition, checkpointing: false);

    /// <param name="checkpointing">Whether the checkpoint moves after this call.</param>
    public BindingContext Batch(EventData[] events, bool checkpointing) => new LazyBindingContext(() => new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase)
    {
        ["PartitionContext"] = checkpointing ? _thenCheckpoint : _noCheckpoint,
        ["PartitionKeyArray"] = JsonSerializer.Serialize(Array.ConvertAll(events, item => item.PartitionKey)),
        ["OffsetArray"] = JsonSerializer.Serialize(Array.ConvertAll(events, item => item.OffsetString)),
        ["SequenceNumberArray"] = JsonSerializer.Serialize(Array.ConvertAll(events, item => item.SequenceNumber)),
        ["EnqueuedTimeUtcArray"] = JsonSerializer.Serialize(Array.ConvertAll(events, item => item.EnqueuedTime.UtcDateTime)),
    });

    /// <param name="checkpointing">Whether the checkpoint moves after the batch that this event came in.</param>
    public BindingContext Single(EventData item, bool checkpointing) => new LazyBindingContext(() => new Dictionary<string, object?>(StringComparer.OrdinalIgnoreCase)
    {
        ["PartitionContext"] = checkpointing ? _thenCheckpoint : _noCheckpoint,
        ["PartitionKey"] = item.PartitionKey,
        ["Offset"] = item.OffsetString,
        ["SequenceNumber"] = JsonSerializer.Serialize(item.SequenceNumber),
        ["EnqueuedTimeUtc"] = JsonSerializer.Serialize(item.EnqueuedTime.UtcDateTime),
    });

    private static string PartitionContext(HubAddress address, string consumerGroup, string partition, bool checkpointing) =>
        JsonSerializer.Serialize(new
        {
            IsCheckpointingAfterInvocation = checkpointing,
            FullyQualifiedNamespace = address.Namespace,
            EventHubName = address.Hub,
            ConsumerGroup = consumerGroup,
            PartitionId = partition,
        });

    private sealed class LazyBindingContext(Func<Dictionary<string, object?>> make) : BindingContext
    {
        private Dictionary<string, object?>? _data;

        public override IReadOnlyDictionary<string, object?> BindingData => _data ??= make();
    }
}
