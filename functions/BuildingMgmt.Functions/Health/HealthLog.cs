using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Health;

internal static partial class HealthLog
{
    [LoggerMessage(LogEvents.MigrationsApplied, LogLevel.Information, "Applied {Count} migrations; the schema is at version {Version}")]
    public static partial void MigrationsApplied(this ILogger logger, int count, int version);

    [LoggerMessage(LogEvents.MigrationsWait, LogLevel.Warning, "Could not bring the database to this build's schema; trying again every second")]
    public static partial void MigrationsWait(this ILogger logger, Exception exception);

    [LoggerMessage(LogEvents.DependencyAway, LogLevel.Warning, "Dependency {Name} is now {Status}: {Detail}")]
    public static partial void DependencyChanged(this ILogger logger, string name, string status, string detail);

    [LoggerMessage(LogEvents.DependencyFailed, LogLevel.Debug, "Check of dependency {Name} failed")]
    public static partial void DependencyFailed(this ILogger logger, Exception exception, string name);
}
