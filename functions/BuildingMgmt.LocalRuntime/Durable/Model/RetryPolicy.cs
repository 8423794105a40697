namespace Microsoft.DurableTask;

/// <summary>Retries after growing delays.</summary>
public class RetryPolicy
{
    /// <summary>Makes a policy.</summary>
    /// <param name="maxNumberOfAttempts">Attempts in all, at least 1.</param>
    /// <param name="firstRetryInterval">Delay before the second attempt, more than zero.</param>
    /// <param name="backoffCoefficient">Each delay is that much longer than the one before; at least 1.</param>
    /// <param name="maxRetryInterval">Longest delay, default 1 h; <see cref="Timeout.InfiniteTimeSpan"/> for no limit.</param>
    /// <param name="retryTimeout">No attempt after that long since the first, default <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    public RetryPolicy(
        int maxNumberOfAttempts,
        TimeSpan firstRetryInterval,
        double backoffCoefficient = 1.0,
        TimeSpan? maxRetryInterval = null,
        TimeSpan? retryTimeout = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(maxNumberOfAttempts);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(firstRetryInterval, TimeSpan.Zero);
        // Written so that NaN is refused as well.
        if (!(backoffCoefficient >= 1.0))
            throw new ArgumentOutOfRangeException(nameof(backoffCoefficient), backoffCoefficient, "The coefficient must be at least 1.");
        CheckAtLeast(firstRetryInterval, maxRetryInterval, nameof(maxRetryInterval));
        CheckAtLeast(firstRetryInterval, retryTimeout, nameof(retryTimeout));
        MaxNumberOfAttempts = maxNumberOfAttempts;
        FirstRetryInterval = firstRetryInterval;
        BackoffCoefficient = backoffCoefficient;
        MaxRetryInterval = maxRetryInterval ?? TimeSpan.FromHours(1);
        RetryTimeout = retryTimeout ?? Timeout.InfiniteTimeSpan;
        Handle = _ => true;
    }

    /// <summary>Attempts in all.</summary>
    public int MaxNumberOfAttempts { get; }

    /// <summary>Delay before the second attempt.</summary>
    public TimeSpan FirstRetryInterval { get; }

    /// <summary>Growth of the delay.</summary>
    public double BackoffCoefficient { get; }

    /// <summary>Longest delay.</summary>
    public TimeSpan MaxRetryInterval { get; }

    /// <summary>No attempt after that long since the first.</summary>
    public TimeSpan RetryTimeout { get; }

    /// <summary>Says of a <see cref="TaskFailedException"/> whether it is worth another attempt. Default yes.</summary>
    public Func<Exception, bool> Handle { get; private init; }

    /// <summary>Sets <see cref="Handle"/> by the details of a failure.</summary>
    public Func<TaskFailureDetails, bool> HandleFailure
    {
        init
        {
            ArgumentNullException.ThrowIfNull(value);
            Handle = exception => value(((TaskFailedException)exception).FailureDetails);
        }
    }

    private static void CheckAtLeast(TimeSpan first, TimeSpan? value, string name)
    {
        if (value < first && value != Timeout.InfiniteTimeSpan)
            throw new ArgumentOutOfRangeException(name, value, $"It must not be shorter than the first delay, {first}.");
    }
}
