namespace Microsoft.DurableTask.Internal;

/// <summary>What schedules orchestrations.</summary>
public interface IOrchestrationSubmitter
{
    /// <summary>Schedules an orchestration.</summary>
    /// <returns>Its id.</returns>
    Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName,
        object? input = null,
        StartOrchestrationOptions? options = null,
        CancellationToken cancellation = default);
}
