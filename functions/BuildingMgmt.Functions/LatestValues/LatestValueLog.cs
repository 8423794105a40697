using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.LatestValues;

internal static partial class LatestValueLog
{
    [LoggerMessage(LogEvents.LatestValuesUnreadable, LogLevel.Warning,
        "The table store did not give the latest values of floor {FloorId}; they are read from PostgreSQL instead")]
    public static partial void LatestValuesUnreadable(this ILogger logger, Guid floorId, Exception exception);
}
