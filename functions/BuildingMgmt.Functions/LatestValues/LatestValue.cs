namespace BuildingMgmt.Functions.LatestValues;

/// <summary>How far a value can be trusted, as it is stored in PostgreSQL and in the table store.</summary>
public enum ReadingQuality : byte
{
    /// <summary>Good, as the gateway says or leaves out.</summary>
    Good = 0,

    /// <summary>Uncertain, as the gateway says.</summary>
    Uncertain = 1,

    /// <summary>Bad, as the gateway says.</summary>
    Bad = 2,

    /// <summary>Outside the point's plausible range.</summary>
    Suspect = 3,
}

/// <summary>The newest reading of a point, by the reading's own timestamp.</summary>
/// <param name="TimeMicroseconds">Microseconds since 1970-01-01T00:00Z: PostgreSQL's resolution.</param>
public readonly record struct LatestValue(int PointId, long TimeMicroseconds, double Value, ReadingQuality Quality)
{
    /// <summary>The reading's timestamp, UTC.</summary>
    public DateTimeOffset Timestamp => DateTimeOffset.UnixEpoch.AddTicks(TimeMicroseconds * TimeSpan.TicksPerMicrosecond);
}
