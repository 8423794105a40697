using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.EventHubs;

internal static partial class EventHubLog
{
    [LoggerMessage(LogEvents.ListenerStarted, LogLevel.Information,
        "Function {Function} listens to {Hub}, consumer group {ConsumerGroup}, {PartitionCount} partitions")]
    public static partial void ListenerStarted(this ILogger logger, string function, HubAddress hub, string consumerGroup, int partitionCount);

    [LoggerMessage(LogEvents.PartitionClaimed, LogLevel.Information, "Claimed partition {Partition} of {Hub}")]
    public static partial void PartitionClaimed(this ILogger logger, string partition, HubAddress hub);

    [LoggerMessage(LogEvents.PartitionLost, LogLevel.Information, "Partition {Partition} of {Hub} is now owned by {Owner}")]
    public static partial void PartitionLost(this ILogger logger, string partition, HubAddress hub, string owner);

    [LoggerMessage(LogEvents.PartitionTaken, LogLevel.Information, "Another receiver has opened partition {Partition} of {Hub}")]
    public static partial void PartitionTaken(this ILogger logger, string partition, HubAddress hub);

    [LoggerMessage(LogEvents.PartitionDisconnected, LogLevel.Warning, "Partition {Partition} of {Hub} is not being received; trying again until it is")]
    public static partial void PartitionDisconnected(this ILogger logger, Exception exception, string partition, HubAddress hub);

    [LoggerMessage(LogEvents.PartitionConnectedAgain, LogLevel.Information, "Partition {Partition} of {Hub} is being received again")]
    public static partial void PartitionConnectedAgain(this ILogger logger, string partition, HubAddress hub);

    [LoggerMessage(LogEvents.CheckpointFailed, LogLevel.Warning,
        "The checkpoint of partition {Partition} at sequence number {SequenceNumber} was not written; each batch tries again, and this is not said again")]
    public static partial void CheckpointFailed(this ILogger logger, Exception exception, string partition, long sequenceNumber);

    [LoggerMessage(LogEvents.CheckpointsWrittenAgain, LogLevel.Information, "Checkpoints of partition {Partition} are written again")]
    public static partial void CheckpointsWrittenAgain(this ILogger logger, string partition);

    [LoggerMessage(LogEvents.StorageAway, LogLevel.Warning,
        "Function {Function} cannot reach the storage that holds partition ownership; it goes on with the partitions that it has")]
    public static partial void StorageAway(this ILogger logger, Exception exception, string function);

    [LoggerMessage(LogEvents.StorageBack, LogLevel.Information, "Function {Function} reaches the storage of partition ownership again")]
    public static partial void StorageBack(this ILogger logger, string function);

    [LoggerMessage(LogEvents.HubAway, LogLevel.Warning, "Function {Function} cannot reach {Hub}; trying again until it can")]
    public static partial void HubAway(this ILogger logger, Exception exception, string function, HubAddress hub);

    [LoggerMessage(LogEvents.OwnershipNotGivenUp, LogLevel.Warning, "Ownership of partition {Partition} could not be given up; it expires by itself")]
    public static partial void OwnershipNotGivenUp(this ILogger logger, Exception exception, string partition);

    [LoggerMessage(LogEvents.PositionUnknown, LogLevel.Warning,
        "Partition {Partition} of {Hub} does not reach as far as its checkpoint: the hub was made anew. It is read from its beginning")]
    public static partial void PositionUnknown(this ILogger logger, Exception exception, string partition, HubAddress hub);

    [LoggerMessage(LogEvents.EventUndecodable, LogLevel.Warning,
        "Event {SequenceNumber} of partition {Partition} of {Hub} is no AMQP message that can be decoded; the function gets its bytes")]
    public static partial void EventUndecodable(this ILogger logger, Exception exception, long sequenceNumber, string partition, HubAddress hub);
}
