using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Functions;

internal static partial class DurableHostingLog
{
    [LoggerMessage(LogEvents.DurableStoreNotReady, LogLevel.Warning,
        "The database of setting {Setting} is away; the start waits for it")]
    public static partial void DurableStoreNotReady(this ILogger logger, Exception exception, string setting);

    [LoggerMessage(LogEvents.DurableStarted, LogLevel.Information,
        "Orchestrations of hub {Hub}: at most {OrchestratorsMax} steps and {ActivitiesMax} activities at once in this process")]
    public static partial void DurableStarted(this ILogger logger, string hub, int orchestratorsMax, int activitiesMax);
}
