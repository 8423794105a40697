namespace Microsoft.DurableTask.Client;

/// <summary>Which orchestrations to list.</summary>
/// <param name="CreatedFrom">Scheduled at that time or later.</param>
/// <param name="CreatedTo">Scheduled at that time or earlier.</param>
/// <param name="Statuses">In one of these; null for any.</param>
/// <param name="TaskHubNames">Only the client's own hub can be asked here.</param>
/// <param name="InstanceIdPrefix">What their ids begin with.</param>
/// <param name="PageSize">Most in one page, 1 or more; 100 unless said.</param>
/// <param name="FetchInputsAndOutputs">With inputs, outputs, custom statuses and failures.</param>
/// <param name="ContinuationToken">Of the page before the first one that is wanted.</param>
public record OrchestrationQuery(
    DateTimeOffset? CreatedFrom = null,
    DateTimeOffset? CreatedTo = null,
    IEnumerable<OrchestrationRuntimeStatus>? Statuses = null,
    IEnumerable<string>? TaskHubNames = null,
    string? InstanceIdPrefix = null,
    int PageSize = OrchestrationQuery.DefaultPageSize,
    bool FetchInputsAndOutputs = false,
    string? ContinuationToken = null)
{
    /// <summary>Most in one page, unless said.</summary>
    public const int DefaultPageSize = 100;
}
