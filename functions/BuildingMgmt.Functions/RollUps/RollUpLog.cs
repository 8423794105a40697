using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.RollUps;

internal static partial class RollUpLog
{
    [LoggerMessage(LogEvents.RolledUp, LogLevel.Information,
        "Rolled up {Buckets} hours of points: {Added} are new, {Repaired} were repaired; {Waiting} records wait, the oldest for {OldestSeconds} s")]
    public static partial void RolledUp(this ILogger logger, long buckets, long added, long repaired, long waiting, long oldestSeconds);

    [LoggerMessage(LogEvents.RollUpTooSlow, LogLevel.Warning,
        "Rolling up took too long and was given up; it is tried again with at most {Buckets} hours of points at once")]
    public static partial void RollUpTooSlow(this ILogger logger, Exception exception, int buckets);

    [LoggerMessage(LogEvents.RollUpZoneChanged, LogLevel.Information,
        "The time zone of building {BuildingId} has changed to {TimeZone}: {Hours} hours of it are rolled up again")]
    public static partial void RollUpZoneChanged(this ILogger logger, Guid buildingId, string timeZone, long hours);
}
