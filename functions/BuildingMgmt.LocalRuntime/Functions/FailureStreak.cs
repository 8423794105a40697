using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Functions;

/// <summary>How one try of a run failed.</summary>
/// <param name="TimeLimit">The time limit that it ran into, or null.</param>
internal sealed record RunFailure(Exception Exception, string InvocationId, TimeSpan? TimeLimit);

/// <summary>
/// Tells of the failures of one input: the first in full, and the last when no retry is left. Between them a line a minute: a retry for ever
/// while a store is away for an hour must not bury what else the log says. A failure that has turned into another one is told in full
/// again, at most once a minute.
/// </summary>
internal sealed class FailureStreak(string function, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan SayAgainInterval = TimeSpan.FromMinutes(1);

    private int _count;
    private long _beganAt;
    private long _saidAt;
    private long _saidInFullAt;
    private (Type Type, string Message) _saidInFull;

    /// <param name="isLast">No retry is left.</param>
    public void Add(RunFailure failure, RunRetry retry, bool isLast)
    {
        var now = time.GetTimestamp();
        if (_count++ == 0)
            _beganAt = now;
        if (_count == 1 || isLast || (Cause(failure) != _saidInFull && IsTimeToSay(_saidInFullAt, now)))
            SayInFull(failure, retry, now);
        else if (IsTimeToSay(_saidAt, now))
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

    // The outermost is often the same wrapper around whatever went wrong.
    private static (Type Type, string Message) Cause(RunFailure failure)
    {
        var innermost = failure.Exception.GetBaseException();
        return (innermost.GetType(), innermost.Message);
    }

    private bool IsTimeToSay(long saidAt, long now) => time.GetElapsedTime(saidAt, now) >= SayAgainInterval;

    private void SayInFull(RunFailure failure, RunRetry retry, long now)
    {
        _saidInFull = Cause(failure);
        _saidInFullAt = now;
        if (failure.TimeLimit is { } limit)
            logger.RunTimedOut(function, failure.InvocationId, limit.TotalSeconds);
        logger.TriggeredRunFailed(failure.Exception, function, failure.InvocationId, retry.RetryCount, retry.MaxRetryCount);
    }

    private double SecondsUntil(long now) => Math.Round(time.GetElapsedTime(_beganAt, now).TotalSeconds, 1);
}
