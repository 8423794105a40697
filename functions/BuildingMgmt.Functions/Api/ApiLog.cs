using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Api;

internal static partial class ApiLog
{
    [LoggerMessage(LogEvents.RequestFailed, LogLevel.Error, "{Function} failed for request {RequestId}")]
    public static partial void RequestFailed(this ILogger logger, Exception exception, string function, string requestId);

    [LoggerMessage(LogEvents.RequestUnavailable, LogLevel.Warning, "{Function} answered 503 to request {RequestId}: {Detail} ({Cause})")]
    public static partial void RequestUnavailable(this ILogger logger, string function, string requestId, string detail, string cause);
}
