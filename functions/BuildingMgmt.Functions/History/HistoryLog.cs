using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.History;

internal static partial class HistoryLog
{
    [LoggerMessage(LogEvents.HistoryTooSlow, LogLevel.Warning,
        "History of floor {FloorId} was not read within {Seconds} s: {Points} points from {From:O} to {To:O}, {Resolution}")]
    public static partial void HistoryTooSlow(
        this ILogger logger, Guid floorId, int seconds, int points, DateTime from, DateTime to, HistoryResolution resolution);
}
