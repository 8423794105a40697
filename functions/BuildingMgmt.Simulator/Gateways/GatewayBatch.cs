namespace BuildingMgmt.Simulator.Gateways;

/// <summary>What a sensor said once about one metric.</summary>
/// <param name="Text">What stands in place of a number when the sensor gave none; goes out as a JSON string, for the system to refuse.</param>
internal readonly record struct SensorReading(Guid SensorId, DateTimeOffset Timestamp, string Metric, double Value, string? Text = null);

/// <summary>Readings of one sensor at one moment; no metric twice.</summary>
internal sealed record BatchElement(Guid SensorId, DateTimeOffset Timestamp, IReadOnlyList<SensorReading> Readings);

/// <summary>What a gateway sends at once, before it is written as JSON.</summary>
/// <param name="BatchId">Unique for the gateway; later batches sort behind earlier ones by ordinal comparison.</param>
internal sealed record GatewayBatch(string GatewayId, string BatchId, DateTimeOffset SentAt, IReadOnlyList<BatchElement> Elements)
{
    /// <summary>Counts the gateway's batches since it started, so that one that is lost leaves a gap; null when it does not count.</summary>
    public long? Sequence { get; init; }

    /// <summary>Elements that no gateway should send, as the JSON text to put into the batch.</summary>
    public IReadOnlyList<MalformedElement> Malformed { get; init; } = [];

    /// <summary>What happens to the bytes on the way out.</summary>
    public EventDamage Damage { get; init; }

    /// <summary>Good and bad readings together.</summary>
    public int ReadingCount => Elements.Sum(element => element.Readings.Count) + Malformed.Count;
}

/// <summary>One reading, spoilt.</summary>
/// <param name="Json">A JSON object, or what pretends to be one.</param>
/// <param name="Reason">Why the system must not store it.</param>
internal sealed record MalformedElement(string Json, RefusalReason Reason);

/// <summary>Reasons for which the system dead-letters a reading, or a whole event.</summary>
internal enum RefusalReason
{
    UnknownSensor,
    UnknownMetric,
    NotANumber,
    TimestampAhead,
    Malformed,
}

internal enum EventDamage
{
    None,

    /// <summary>The JSON stops in the middle.</summary>
    Truncated,

    /// <summary>Bytes that were never JSON.</summary>
    NotJson,

    /// <summary>The event says gzip, its bytes are plain JSON.</summary>
    FalseGzip,

    /// <summary>A gzip stream that stops in the middle.</summary>
    TruncatedGzip,
}
