namespace Microsoft.DurableTask.Client;

/// <summary>How to purge.</summary>
/// <param name="Recursive">With the sub-orchestrations.</param>
public record PurgeInstanceOptions(bool Recursive = false);

/// <summary>Which ended orchestrations to purge.</summary>
/// <param name="CreatedFrom">Scheduled at that time or later.</param>
/// <param name="CreatedTo">Scheduled at that time or earlier.</param>
/// <param name="Statuses">In one of these; null for any.</param>
public record PurgeInstancesFilter(
    DateTimeOffset? CreatedFrom = null,
    DateTimeOffset? CreatedTo = null,
    IEnumerable<OrchestrationRuntimeStatus>? Statuses = null)
{
    /// <summary>How long it may take; what is left then stays, and <see cref="PurgeResult.IsComplete"/> says so. Null sets no limit.</summary>
    public TimeSpan? Timeout { get; init; }
}

/// <summary>What a purge did.</summary>
public class PurgeResult
{
    /// <summary>When it is not known whether something is left.</summary>
    public PurgeResult(int count)
        : this(count, null)
    {
    }

    /// <summary>With what is known of the rest.</summary>
    public PurgeResult(int count, bool? isComplete)
    {
        PurgedInstanceCount = count;
        IsComplete = isComplete;
    }

    /// <summary>Orchestrations that were removed.</summary>
    public int PurgedInstanceCount { get; }

    /// <summary>Whether all that matched are gone; null when it is not known.</summary>
    public bool? IsComplete { get; }
}
