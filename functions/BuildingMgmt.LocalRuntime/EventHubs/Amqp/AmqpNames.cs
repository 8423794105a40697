using Amqp.Types;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>Names that Event Hubs uses in AMQP.</summary>
internal static class AmqpNames
{
    public static readonly Symbol SequenceNumber = "x-opt-sequence-number";
    public static readonly Symbol Offset = "x-opt-offset";
    public static readonly Symbol EnqueuedTime = "x-opt-enqueued-time";
    public static readonly Symbol PartitionKey = "x-opt-partition-key";

    /// <summary>Condition with which a position beyond a partition's end is refused.</summary>
    public const string ArgumentError = "com.microsoft:argument-error";

    /// <summary>Message format of an envelope whose data sections are whole encoded messages.</summary>
    public const uint BatchedMessageFormat = 0x80013700;
}
