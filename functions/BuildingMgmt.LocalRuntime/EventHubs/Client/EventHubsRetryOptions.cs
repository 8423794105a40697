namespace Azure.Messaging.EventHubs;

/// <summary>How often and how slowly a failed operation is tried again.</summary>
public class EventHubsRetryOptions
{
    /// <summary>How the delay grows. Default: exponentially.</summary>
    public EventHubsRetryMode Mode { get; set; } = EventHubsRetryMode.Exponential;

    /// <summary>Tries after the first, 0 to 100. Default 3.</summary>
    public int MaximumRetries
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, 100);
            field = value;
        }
    } = 3;

    /// <summary>Delay before the first retry, 1 ms to 5 min. Default 0.8 s.</summary>
    public TimeSpan Delay
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.FromMilliseconds(1));
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromMinutes(5));
            field = value;
        }
    } = TimeSpan.FromSeconds(0.8);

    /// <summary>Longest delay. Default 1 min.</summary>
    public TimeSpan MaximumDelay
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(value, TimeSpan.Zero);
            field = value;
        }
    } = TimeSpan.FromMinutes(1);

    /// <summary>Time for one try, at most 1 h. Default 1 min.</summary>
    public TimeSpan TryTimeout
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(value, TimeSpan.Zero);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, TimeSpan.FromHours(1));
            field = value;
        }
    } = TimeSpan.FromMinutes(1);
}

/// <summary>How the delay between tries grows.</summary>
public enum EventHubsRetryMode
{
    /// <summary>Not at all.</summary>
    Fixed,

    /// <summary>Doubles each time.</summary>
    Exponential,
}
