namespace BuildingMgmt.Functions.Ingest;

/// <summary>An event as it came from the hub.</summary>
/// <param name="Body">Its bytes, as sent.</param>
/// <param name="ContentEncoding">What the event says of its bytes: <c>gzip</c>, <c>identity</c> or nothing.</param>
/// <param name="SequenceNumber">Its place in its partition.</param>
/// <param name="EnqueuedAt">When the hub accepted it; never goes back within a partition.</param>
/// <param name="IsPosted">Whether it says that it was posted to this app. It proves nothing: who may send to the hub may write any id.</param>
public readonly record struct IncomingEvent(
    ReadOnlyMemory<byte> Body, string? ContentEncoding, long SequenceNumber, DateTimeOffset EnqueuedAt, bool IsPosted = false)
{
    /// <summary>What the event says of its content: its media type, and maybe its schema.</summary>
    public string? ContentType { get; init; }

    /// <summary>The device that IoT Hub has authenticated; null when that is not to be trusted, or not said.</summary>
    public string? DeviceId { get; init; }

    /// <summary>Which of its values are meant, where it comes again for some of them; null when all. See <see cref="ValueSet"/>.</summary>
    internal byte[]? Values { get; init; }
}

/// <summary>A partition of an event hub.</summary>
/// <param name="Hub">Namespace and name: hubs of one name in two namespaces count their events each for itself.</param>
public readonly record struct HubPartition(string Hub, string PartitionId);
