// The real assembly has no nullable annotations.
#nullable disable

namespace Azure.Messaging.EventHubs;

/// <summary>What a hub is.</summary>
public class EventHubProperties
{
    /// <summary>With everything.</summary>
    protected internal EventHubProperties(
        string name, DateTimeOffset createdOn, string[] partitionIds, bool isGeoReplicationEnabled)
    {
        Name = name;
        CreatedOn = createdOn;
        PartitionIds = partitionIds;
        IsGeoReplicationEnabled = isGeoReplicationEnabled;
    }

    /// <summary>Its name.</summary>
    public string Name { get; }

    /// <summary>When it was made, UTC.</summary>
    public DateTimeOffset CreatedOn { get; }

    /// <summary>Its partitions.</summary>
    public string[] PartitionIds { get; }

    /// <summary>Whether it is kept in several regions.</summary>
    public bool IsGeoReplicationEnabled { get; }
}

/// <summary>Where a partition stands.</summary>
public class PartitionProperties
{
    /// <summary>With everything.</summary>
    protected internal PartitionProperties(
        string eventHubName,
        string partitionId,
        bool isEmpty,
        long beginningSequenceNumber,
        long lastSequenceNumber,
        string lastOffsetString,
        DateTimeOffset lastEnqueuedTime)
    {
        EventHubName = eventHubName;
        Id = partitionId;
        IsEmpty = isEmpty;
        BeginningSequenceNumber = beginningSequenceNumber;
        LastEnqueuedSequenceNumber = lastSequenceNumber;
        LastEnqueuedOffsetString = lastOffsetString;
        LastEnqueuedTime = lastEnqueuedTime;
    }

    /// <summary>The hub.</summary>
    public string EventHubName { get; }

    /// <summary>The partition.</summary>
    public string Id { get; }

    /// <summary>Whether it holds nothing.</summary>
    public bool IsEmpty { get; }

    /// <summary>First sequence number it still holds.</summary>
    public long BeginningSequenceNumber { get; }

    /// <summary>Sequence number of its last event.</summary>
    public long LastEnqueuedSequenceNumber { get; }

    /// <summary>Offset of its last event.</summary>
    public string LastEnqueuedOffsetString { get; }

    /// <summary>When it took its last event, UTC.</summary>
    public DateTimeOffset LastEnqueuedTime { get; }
}
