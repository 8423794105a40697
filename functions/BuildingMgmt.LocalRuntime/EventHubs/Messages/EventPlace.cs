namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>Where an event stands in its partition, from its message annotations.</summary>
internal readonly record struct EventPlace(long SequenceNumber, string? Offset, DateTimeOffset EnqueuedTime, string? PartitionKey)
{
    public static readonly EventPlace None = new(long.MinValue, null, default, null);

    /// <summary>Reads the place from a received message; parts that are not there stay empty.</summary>
    public static EventPlace Of(AmqpMessage message)
    {
        if (message.MessageAnnotations is not { } annotations)
            return None;
        return new EventPlace(
            annotations[AmqpNames.SequenceNumber] is long sequenceNumber ? sequenceNumber : long.MinValue,
            annotations[AmqpNames.Offset]?.ToString(),
            annotations[AmqpNames.EnqueuedTime] is DateTime time
                ? new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc))
                : default,
            annotations[AmqpNames.PartitionKey]?.ToString());
    }
}
