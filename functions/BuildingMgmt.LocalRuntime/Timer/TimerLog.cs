using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Timer;

internal static partial class TimerLog
{
    [LoggerMessage(LogEvents.TimerScheduled, LogLevel.Information, "Timer {Function} is run by this process, next at {Next:O}")]
    public static partial void TimerScheduled(this ILogger logger, string function, DateTime next);

    [LoggerMessage(LogEvents.TimerPastDue, LogLevel.Information, "Timer {Function} missed its run at {Due:O}; making up for it")]
    public static partial void TimerPastDue(this ILogger logger, string function, DateTime due);

    [LoggerMessage(LogEvents.TimerStorageAway, LogLevel.Warning, "Timer {Function} does not run: the storage that holds its lease cannot be reached; trying again until it can")]
    public static partial void TimerStorageAway(this ILogger logger, Exception exception, string function);

    [LoggerMessage(LogEvents.TimerStatusNotWritten, LogLevel.Warning, "The status of timer {Function} was not written; after a restart its last run may be made again")]
    public static partial void TimerStatusNotWritten(this ILogger logger, Exception exception, string function);
}
