namespace BuildingMgmt.EventHubsEndpoint.Log;

/// <summary>How a partition keeps its events.</summary>
internal sealed record LogOptions
{
    /// <summary>Events older than this are removed, whole segments at a time. Default 7 days.</summary>
    public TimeSpan RetentionAge { get; init; } = TimeSpan.FromHours(168);

    /// <summary>Bytes that a partition may keep; the oldest segments go first. Null keeps all.</summary>
    public long? RetentionBytes { get; init; }

    /// <summary>Whether an event is on the disk itself, not only with the operating system, before it is accepted.</summary>
    public bool Fsync { get; init; } = true;

    /// <summary>Largest segment: an eighth of what may be kept, from 1 to 64 MiB, so that retention never removes much at once.</summary>
    public long SegmentBytes => Math.Clamp((RetentionBytes ?? long.MaxValue) / 8, 1024 * 1024, 64 * 1024 * 1024);

    /// <summary>A segment is not written longer than this, or a quiet partition would keep old events for ever.</summary>
    public TimeSpan SegmentAge => RetentionAge / 8;
}
