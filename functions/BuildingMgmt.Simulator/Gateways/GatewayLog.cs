namespace BuildingMgmt.Simulator.Gateways;

internal static partial class GatewayLog
{
    [LoggerMessage(LogEvents.HubIsAway, LogLevel.Warning,
        "Gateway {GatewayId} keeps its batches and tries again until the hub takes them: {Reason}")]
    public static partial void HubIsAway(this ILogger logger, string gatewayId, string reason);

    [LoggerMessage(LogEvents.HubIsBack, LogLevel.Information,
        "Gateway {GatewayId} reached the hub again after {Attempts} failed tries")]
    public static partial void HubIsBack(this ILogger logger, string gatewayId, int attempts);

    [LoggerMessage(LogEvents.SpoolOverflowed, LogLevel.Error,
        "Gateway {GatewayId} LOST batch {BatchId} with {Readings} readings: its spool of {SpoolEventsMax} batches is full "
        + "because the hub is away. Lost so far: {Lost} readings")]
    public static partial void SpoolOverflowed(
        this ILogger logger, string gatewayId, string batchId, int readings, int spoolEventsMax, long lost);
}
