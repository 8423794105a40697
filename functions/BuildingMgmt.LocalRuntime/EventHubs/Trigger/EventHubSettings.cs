namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>The section <c>extensions.eventHubs</c> of host.json. Defaults are the real extension's unless said.</summary>
internal sealed record EventHubSettings
{
    /// <summary>Events for one call at most.</summary>
    public int MaxEventBatchSize { get; init; } = 100;

    /// <summary>Events that a call waits for.</summary>
    public int MinEventBatchSize { get; init; } = 1;

    /// <summary>How long a call waits for <see cref="MinEventBatchSize"/> events; at most 10 min.</summary>
    public TimeSpan MaxWaitTime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Batches from one checkpoint to the next.</summary>
    public int BatchCheckpointFrequency { get; init; } = 1;

    /// <summary>Events fetched ahead of each partition; 0 means one batch.</summary>
    public int PrefetchCount { get; init; } = 300;

    /// <summary>Bytes fetched ahead of each partition. Default here 16 MiB; the real extension has no bound.</summary>
    public long PrefetchSizeInBytes { get; init; } = 16 * 1024 * 1024;

    /// <summary>Where a partition without a checkpoint begins.</summary>
    public StartPosition InitialPosition { get; init; } = StartPosition.Earliest;

    /// <summary>How often ownership is renewed and shared out. Default here 2 s, for the real extension's 30 s.</summary>
    public TimeSpan LoadBalancingUpdateInterval { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>When ownership that is not renewed is free. Default here 10 s, for the real extension's 2 min.</summary>
    public TimeSpan PartitionOwnershipExpirationInterval { get; init; } = TimeSpan.FromSeconds(10);

    public Prefetch Prefetch => new(PrefetchCount > 0 ? PrefetchCount : MaxEventBatchSize, PrefetchSizeInBytes);
}
