using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

internal static partial class DurableLog
{
    [LoggerMessage(LogEvents.DurableWorkerEntered, LogLevel.Information, "Durable worker {Worker} takes orchestrations and activities")]
    public static partial void WorkerEntered(this ILogger logger, long worker);

    [LoggerMessage(LogEvents.DurableWorkerDied, LogLevel.Warning,
        "Durable worker {Worker} did not renew its lease in time: what it had goes on elsewhere, and it begins anew under another number")]
    public static partial void WorkerDied(this ILogger logger, long worker);

    [LoggerMessage(LogEvents.DurableWorkerLeft, LogLevel.Information, "Durable worker {Worker} has given up all that it held")]
    public static partial void WorkerLeft(this ILogger logger, long worker);

    [LoggerMessage(LogEvents.DurableWorkerNotLeft, LogLevel.Warning,
        "Durable worker {Worker} ends without having given up what it held: it goes on elsewhere when its lease has run out")]
    public static partial void WorkerNotLeft(this ILogger logger, Exception exception, long worker);

    [LoggerMessage(LogEvents.DurableStoreAway, LogLevel.Warning,
        "The store of orchestrations does not answer; the worker tries until it does, and this is not said again")]
    public static partial void StoreAway(this ILogger logger, Exception exception);

    [LoggerMessage(LogEvents.DurableStoreBack, LogLevel.Information, "The store of orchestrations answers again, after {Duration}")]
    public static partial void StoreBack(this ILogger logger, TimeSpan duration);

    [LoggerMessage(LogEvents.DurableStepStuck, LogLevel.Error,
        "Step {Step} of orchestration {InstanceId} fails again and again, while the store answers; it is tried again with pauses, by itself, and this is not said again. If what it writes is to blame, the orchestration fails")]
    public static partial void StepStuck(this ILogger logger, Exception exception, string instanceId, long step);

    [LoggerMessage(LogEvents.DurableStepRunsLong, LogLevel.Warning,
        "Orchestrator {Orchestrator}, orchestration {InstanceId}, has not ended its step {Step} for {Seconds} s: it blocks its thread, or runs in a circle, and keeps one of the places for steps in this process. What takes long belongs in activities; waiting is done by await. If it goes on for ever, terminate it and restart the process")]
    public static partial void StepRunsLong(this ILogger logger, string orchestrator, string instanceId, long step, double seconds);

    [LoggerMessage(LogEvents.DurableStepGivenUp, LogLevel.Error, "Orchestration {InstanceId} fails, because its step {Step} cannot be made")]
    public static partial void StepGivenUp(this ILogger logger, Exception exception, string instanceId, long step);

    [LoggerMessage(LogEvents.DurableResultStuck, LogLevel.Error,
        "The result of activity {Activity} of orchestration {InstanceId} cannot be stored, while the store answers; the activity counts as failed")]
    public static partial void ResultStuck(this ILogger logger, Exception exception, string activity, string instanceId);

    [LoggerMessage(LogEvents.DurableActivityFailed, LogLevel.Warning, "Activity {Activity} of orchestration {InstanceId}, task {TaskId}, failed")]
    public static partial void ActivityFailed(this ILogger logger, Exception exception, string activity, string instanceId, int taskId);

    [LoggerMessage(LogEvents.DurableResultRefused, LogLevel.Information,
        "The result of activity {Activity} of orchestration {InstanceId}, task {TaskId}, is not wanted any more: another worker has it, or its orchestration has ended")]
    public static partial void ResultRefused(this ILogger logger, string activity, string instanceId, int taskId);

    [LoggerMessage(LogEvents.DurableStepRefused, LogLevel.Information,
        "Step {Step} of orchestration {InstanceId} was made already, or by another worker; it is taken again")]
    public static partial void StepRefused(this ILogger logger, string instanceId, long step);
}
