using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Health;

internal static partial class HealthLog
{
    [LoggerMessage(LogEvents.DependencyAway, LogLevel.Warning, "Dependency {Name} is away: {Detail}")]
    public static partial void DependencyAway(this ILogger logger, string name, string? detail, Exception? cause);

    [LoggerMessage(LogEvents.DependencyBack, LogLevel.Information, "Dependency {Name} answers again")]
    public static partial void DependencyBack(this ILogger logger, string name);
}
