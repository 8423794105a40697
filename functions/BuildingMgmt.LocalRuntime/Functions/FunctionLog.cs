using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Functions;

internal static partial class FunctionLog
{
    [LoggerMessage(LogEvents.FunctionFailed, LogLevel.Error, "Function {Function} failed (run {InvocationId})")]
    public static partial void FunctionFailed(this ILogger logger, Exception exception, string function, string invocationId);

    [LoggerMessage(LogEvents.NoHttpResponse, LogLevel.Warning,
        "Function {Function} returned no HTTP result (run {InvocationId}); the answer is an empty 200. Return IActionResult or IResult")]
    public static partial void NoHttpResponse(this ILogger logger, string function, string invocationId);

    [LoggerMessage(LogEvents.TriggeredRunFailed, LogLevel.Error,
        "Function {Function} failed (run {InvocationId}, retry {RetryCount} of {RetryCountMax}; -1 is for ever)")]
    public static partial void TriggeredRunFailed(
        this ILogger logger, Exception exception, string function, string invocationId, int retryCount, int retryCountMax);

    [LoggerMessage(LogEvents.FunctionStillFails, LogLevel.Warning,
        "Function {Function} still fails, {Failures} times in {Seconds} s; the last time with {ExceptionType}: {Reason}")]
    public static partial void FunctionStillFails(
        this ILogger logger, string function, int failures, double seconds, string exceptionType, string reason);

    [LoggerMessage(LogEvents.FunctionWorksAgain, LogLevel.Information,
        "Function {Function} works again; it failed for {Seconds} s (failures: {Failures})")]
    public static partial void FunctionWorksAgain(this ILogger logger, string function, int failures, double seconds);

    [LoggerMessage(LogEvents.RunCancelled, LogLevel.Information, "Function {Function} was told to stop and did (run {InvocationId})")]
    public static partial void RunCancelled(this ILogger logger, string function, string invocationId);

    [LoggerMessage(LogEvents.RunTimedOut, LogLevel.Error,
        "Function {Function} ran longer than host.json's functionTimeout of {TimeoutSeconds} s (run {InvocationId})")]
    public static partial void RunTimedOut(this ILogger logger, string function, string invocationId, double timeoutSeconds);
}
