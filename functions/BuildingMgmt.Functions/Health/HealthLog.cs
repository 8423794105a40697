using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Health;

internal static partial class HealthLog
{
    [LoggerMessage(LogEvents.DependencyAway, LogLevel.Warning, "Dependency {Name} is now {Status}: {Detail}")]
    public static partial void DependencyChanged(this ILogger logger, string name, string status, string detail);

    [LoggerMessage(LogEvents.DependencyFailed, LogLevel.Debug, "Check of dependency {Name} failed")]
    public static partial void DependencyFailed(this ILogger logger, Exception exception, string name);
}
