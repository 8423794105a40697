using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.LatestValues;

internal static partial class LatestValueLog
{
    [LoggerMessage(LogEvents.LatestValuesLost, LogLevel.Warning,
        "The table store has lost latest values of floor {FloorId} that were written; all floors are compared with PostgreSQL")]
    public static partial void LatestValuesLost(this ILogger logger, Guid floorId);

    [LoggerMessage(LogEvents.LatestValuesRepaired, LogLevel.Information, "Repaired {Points} latest values of floor {FloorId} from PostgreSQL")]
    public static partial void LatestValuesRepaired(this ILogger logger, int points, Guid floorId);

    [LoggerMessage(LogEvents.LatestValuesUnreadable, LogLevel.Warning,
        "The table store did not give the latest values of floor {FloorId}; they are read from PostgreSQL instead")]
    public static partial void LatestValuesUnreadable(this ILogger logger, Guid floorId, Exception exception);

    [LoggerMessage(LogEvents.LatestValuesFloorFull, LogLevel.Error,
        "Floor {FloorId} has {Points} points, and an entity holds {PointsMax}: the others have no latest value. Split the floor")]
    public static partial void LatestValuesFloorFull(this ILogger logger, Guid floorId, int points, int pointsMax);

    [LoggerMessage(LogEvents.LatestValuesRepairFailed, LogLevel.Warning,
        "Latest values could not be compared with PostgreSQL; it is tried again until it succeeds")]
    public static partial void LatestValuesRepairFailed(this ILogger logger, Exception exception);
}
