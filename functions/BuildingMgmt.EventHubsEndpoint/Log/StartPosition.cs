namespace BuildingMgmt.EventHubsEndpoint.Log;

internal enum StartKind
{
    /// <summary>The oldest event.</summary>
    Earliest,

    /// <summary>Events at or behind a sequence number.</summary>
    SequenceNumber,

    /// <summary>Events at or behind an offset.</summary>
    Offset,

    /// <summary>Events enqueued at or after a time, Unix milliseconds.</summary>
    Time,
}

/// <summary>From where to read; the event that is named by the value is the first.</summary>
internal readonly record struct StartPosition(StartKind Kind, long Value = 0);

/// <summary>An event as receivers get it: encoded, with the hub's annotations.</summary>
internal readonly record struct StoredEvent(ArraySegment<byte> Message, long SequenceNumber);
