using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Functions;

/// <summary>How one try of a run failed.</summary>
/// <param name="TimeLimit">The time limit that it ran into, or null.</param>
internal sealed record RunFailure(Exception Exception, string InvocationId, TimeSpan? TimeLimit);

/// <summary>
/// Tells of the failures of one input: the first in full, and the last when no retry is left. Between them a line a minute: a retry for ever
/// while a store is away for an hour must not bury what else the log says.
/// </summary>
internal sealed class FailureStreak(string function, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan SayAgainInterval = TimeSpan.FromMinutes(1);

    private int _count;
    private long _beganAt;
    private long _saidAt;

    /// <param name="isLast">No retry is left.</param>
    public void Add(RunFailure failure, RunRetry retry, bool isLast)
    {
        var now = time.GetTimestamp();
        if (_count++ == 0)
            _beganAt = now;
        if (_count == 1 || isLast)
            SayInFull(failure, retry);
        else if (time.GetElapsedTime(_saidAt, now) >= SayAgainInterval)
            logger.FunctionStillFails(function, _count, SecondsUntil(now), failure.Exception.GetType().Name, failure.Exception.Message);
        else
            return;
        _saidAt = now;
    }

    /// <summary>The function has returned.</summary>
    public void End()
    {
        if (_count > 0)
            logger.FunctionWorksAgain(function, _count, SecondsUntil(time.GetTimestamp()));
    }

    private void SayInFull(RunFailure failure, RunRetry retry)
    {
        if (failure.TimeLimit is { } limit)
            logger.RunTimedOut(function, failure.InvocationId, limit.TotalSeconds);
        logger.TriggeredRunFailed(failure.Exception, function, failure.InvocationId, retry.RetryCount, retry.MaxRetryCount);
    }

    private double SecondsUntil(long now) => Math.Round(time.GetElapsedTime(_beganAt, now).TotalSeconds, 1);
}
