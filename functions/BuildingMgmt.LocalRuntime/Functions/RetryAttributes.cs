namespace Microsoft.Azure.Functions.Worker;

/// <summary>Runs a failed function again with the same input, in this process, before its trigger goes on.</summary>
public abstract class RetryAttribute : Attribute
{
    /// <summary>For the attributes of a retry policy.</summary>
    public RetryAttribute()
    {
    }

    /// <summary>Runs after the first one; -1 means for ever.</summary>
    public int MaxRetryCount { get; set; }
}

/// <summary>Waits the same time before each retry.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class FixedDelayRetryAttribute : RetryAttribute
{
    /// <summary>Sets count and delay.</summary>
    /// <param name="maxRetryCount">Retries after the first run; -1 means for ever.</param>
    /// <param name="delayInterval">Time before each retry, as <c>hh:mm:ss</c>.</param>
    public FixedDelayRetryAttribute(int maxRetryCount, string delayInterval)
    {
        MaxRetryCount = maxRetryCount;
        DelayInterval = delayInterval;
    }

    /// <summary>Time before each retry, as <c>hh:mm:ss</c>.</summary>
    public string DelayInterval { get; }
}

/// <summary>Waits longer before each retry, up to a limit.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class ExponentialBackoffRetryAttribute : RetryAttribute
{
    /// <summary>Sets count and range of the delay.</summary>
    /// <param name="maxRetryCount">Retries after the first run; -1 means for ever.</param>
    /// <param name="minimumInterval">Shortest delay, as <c>hh:mm:ss</c>.</param>
    /// <param name="maximumInterval">Longest delay, as <c>hh:mm:ss</c>.</param>
    public ExponentialBackoffRetryAttribute(int maxRetryCount, string minimumInterval, string maximumInterval)
    {
        MaxRetryCount = maxRetryCount;
        MinimumInterval = minimumInterval;
        MaximumInterval = maximumInterval;
    }

    /// <summary>Shortest delay, as <c>hh:mm:ss</c>.</summary>
    public string MinimumInterval { get; }

    /// <summary>Longest delay, as <c>hh:mm:ss</c>.</summary>
    public string MaximumInterval { get; }
}
