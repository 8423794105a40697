using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Orchestrations;

internal static partial class OrchestrationLog
{
    [LoggerMessage(LogEvents.OrchestrationsPurged, LogLevel.Information,
        "Removed {Count} orchestrations that have ended and were created more than {KeepDays} days ago")]
    public static partial void OrchestrationsPurged(this ILogger logger, int count, int keepDays);
}
