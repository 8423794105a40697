using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Execution;

internal static partial class ExecutionLog
{
    [LoggerMessage(LogEvents.OrchestrationFailed, LogLevel.Error, "Orchestration {InstanceId} ({Name}) failed")]
    public static partial void OrchestrationFailed(this ILogger logger, Exception exception, string instanceId, string? name);

    [LoggerMessage(LogEvents.OrchestrationDiffers, LogLevel.Error, "Orchestration {InstanceId} ({Name}) did something else than before: {Difference}")]
    public static partial void OrchestrationDiffers(this ILogger logger, string instanceId, string? name, string difference);

    [LoggerMessage(LogEvents.OrchestratorUnknown, LogLevel.Error, "Orchestration {InstanceId} failed: the app has no orchestrator \"{Name}\"")]
    public static partial void OrchestratorUnknown(this ILogger logger, string instanceId, string name);

    [LoggerMessage(LogEvents.OrchestrationLeft, LogLevel.Error,
        "Orchestration {InstanceId} ({Name}) waits for something that is not a task of its context (I/O, Task.Delay, Task.Run, ConfigureAwait(false), "
        + "CancelAsync): it will not go on, and fails with the next message that it gets. Leave that to an activity")]
    public static partial void OrchestrationLeft(this ILogger logger, string instanceId, string? name);

    [LoggerMessage(LogEvents.TaskRetried, LogLevel.Information, "Orchestration {InstanceId} tries {Task} again after attempt {Attempt}: {Failure}")]
    public static partial void TaskRetried(this ILogger logger, string instanceId, string task, int attempt, string failure);
}
