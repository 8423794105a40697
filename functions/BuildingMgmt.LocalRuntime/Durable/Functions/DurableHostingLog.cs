using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Functions;

internal static partial class DurableHostingLog
{
    [LoggerMessage(LogEvents.DurableStoreNotReady, LogLevel.Warning,
        "The database of setting {Setting} cannot be used for orchestrations yet; trying again until it can")]
    public static partial void DurableStoreNotReady(this ILogger logger, Exception exception, string setting);

    [LoggerMessage(LogEvents.DurableStoreReady, LogLevel.Information,
        "The database of setting {Setting} can be used for orchestrations now")]
    public static partial void DurableStoreReady(this ILogger logger, string setting);

    [LoggerMessage(LogEvents.DurableStarted, LogLevel.Information,
        "Orchestrations of hub {Hub}: at most {OrchestratorsMax} steps and {ActivitiesMax} activities at once in this process")]
    public static partial void DurableStarted(this ILogger logger, string hub, int orchestratorsMax, int activitiesMax);
}
