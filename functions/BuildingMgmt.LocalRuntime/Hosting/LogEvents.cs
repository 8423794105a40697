using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Hosting;

/// <summary>Ids of what the runtime logs. They never change; a retired number stays reserved.</summary>
internal static class LogEvents
{
    // 100-199 functions and HTTP, 200-299 timers, 300-399 Event Hubs, 400-499 configuration.
    public const int FunctionFailed = 100;
    public const int NoHttpResponse = 101;
}

internal static partial class HostLog
{
    [LoggerMessage(LogEvents.FunctionFailed, LogLevel.Error, "Function {Function} failed (run {InvocationId})")]
    public static partial void FunctionFailed(this ILogger logger, Exception exception, string function, string invocationId);

    [LoggerMessage(LogEvents.NoHttpResponse, LogLevel.Warning,
        "Function {Function} returned no HTTP result (run {InvocationId}); the answer is an empty 200. Return IActionResult or IResult")]
    public static partial void NoHttpResponse(this ILogger logger, string function, string invocationId);
}
