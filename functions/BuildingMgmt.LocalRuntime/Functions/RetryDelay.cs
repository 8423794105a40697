using System.Globalization;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.LocalRuntime.Functions;

/// <summary>What a retry attribute says about the time before each retry.</summary>
internal static class RetryDelay
{
    // The real host's RandomizedExponentialBackoffStrategy spreads each delay by a fifth.
    private const double Spread = 0.2;

    /// <summary>Checks what the attribute says, once at the start.</summary>
    /// <exception cref="FunctionWorkerException">The count or an interval is none.</exception>
    public static void Check(LoadedFunction function)
    {
        if (function.Retry is not { } retry)
            return;
        if (retry.MaxRetryCount < -1)
            throw new FunctionWorkerException($"Function {function}: a retry count of {retry.MaxRetryCount}; -1 means for ever.");
        try
        {
            if (Intervals(retry) is var (minimum, maximum) && (minimum < TimeSpan.Zero || maximum < minimum))
            {
                throw new FunctionWorkerException(
                    $"Function {function}: retry intervals of {minimum} to {maximum}; none is negative, and the minimum is not above the maximum.");
            }
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            throw new FunctionWorkerException($"Function {function}: an interval of its retry attribute is not of the form hh:mm:ss.", e);
        }
    }

    /// <param name="attempt">Retries that were made before.</param>
    public static TimeSpan Before(RetryAttribute retry, int attempt)
    {
        var (minimum, maximum) = Intervals(retry);
        if (attempt == 0 || retry is FixedDelayRetryAttribute)
            return minimum;
        var factor = 1 - Spread + (Random.Shared.NextDouble() * 2 * Spread);
        var milliseconds = minimum.TotalMilliseconds * (1 + (factor * Math.Pow(2, Math.Min(attempt - 1, 30))));
        return milliseconds < maximum.TotalMilliseconds ? TimeSpan.FromMilliseconds(milliseconds) : maximum;
    }

    private static (TimeSpan Minimum, TimeSpan Maximum) Intervals(RetryAttribute retry)
    {
        if (retry is FixedDelayRetryAttribute { DelayInterval: var delay })
            return (Read(delay), Read(delay));
        var backoff = (ExponentialBackoffRetryAttribute)retry;
        return (Read(backoff.MinimumInterval), Read(backoff.MaximumInterval));
    }

    private static TimeSpan Read(string text) => TimeSpan.Parse(text, CultureInfo.InvariantCulture);
}
