using System.Diagnostics;

namespace BuildingMgmt.Testing;

/// <summary>Waits for what must become true, instead of sleeping.</summary>
public static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <summary>Returns as soon as the condition holds.</summary>
    /// <param name="what">What is waited for, for the message: "the reading is stored".</param>
    /// <exception cref="TimeoutException">It did not hold within the deadline.</exception>
    public static async Task TrueAsync(
        Func<Task<bool>> condition, TimeSpan deadline, string what, CancellationToken cancellationToken = default) =>
        await ValueAsync(async () => await condition() ? new object() : null, deadline, what, cancellationToken);

    /// <summary>Returns the first value that is not null.</summary>
    /// <param name="what">What is waited for, for the message: "the reading is stored".</param>
    /// <exception cref="TimeoutException">There was none within the deadline.</exception>
    public static async Task<T> ValueAsync<T>(
        Func<Task<T?>> read, TimeSpan deadline, string what, CancellationToken cancellationToken = default)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(read);
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await read() is { } value)
                return value;
            if (Stopwatch.GetElapsedTime(began) > deadline)
                throw new TimeoutException($"Waited {deadline.TotalSeconds:0} s in vain: {what}");
            await Task.Delay(Interval, cancellationToken);
        }
    }
}
