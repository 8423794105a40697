using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Ingest;

internal static partial class IngestLog
{
    [LoggerMessage(LogEvents.DeadLettered, LogLevel.Warning,
        "Dead-lettered {Readings} readings of {Events} events of partition {PartitionId}; the first: {Reason}. {Detail}")]
    public static partial void DeadLettered(
        this ILogger logger, int readings, int events, string partitionId, string reason, string detail);

    [LoggerMessage(LogEvents.EventsSkipped, LogLevel.Information,
        "Skipped {Count} events of partition {PartitionId} that were stored before, up to sequence number {SequenceNumber}")]
    public static partial void EventsSkipped(this ILogger logger, int count, string partitionId, long sequenceNumber);

    [LoggerMessage(LogEvents.HubMadeAnew, LogLevel.Warning,
        "Hub \"{Hub}\" was made anew: partition {PartitionId} starts over at sequence number {SequenceNumber}, after {StoredSequenceNumber}")]
    public static partial void HubMadeAnew(
        this ILogger logger, string hub, string partitionId, long sequenceNumber, long storedSequenceNumber);

    [LoggerMessage(LogEvents.PartitionsReady, LogLevel.Information, "{Months} months from {First:yyyy-MM} to {Last:yyyy-MM} have a partition for readings")]
    public static partial void PartitionsReady(this ILogger logger, int months, DateTime first, DateTime last);

    [LoggerMessage(LogEvents.StaleSessionsEnded, LogLevel.Warning,
        "Ended {Count} sessions that kept a transaction open and sent nothing: their instance is frozen or gone")]
    public static partial void StaleSessionsEnded(this ILogger logger, int count);
}
