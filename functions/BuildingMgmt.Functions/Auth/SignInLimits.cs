using BuildingMgmt.Functions.Api;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.Auth;

/// <summary>
/// Counts failed sign-ins by address, and by name at an address, and locks either for the rest of its window once there were too
/// many. A name alone is never locked: anybody could shut its owner out. A name that nobody has is counted like any other, so that
/// a lock tells nothing.
/// </summary>
public sealed class SignInLimits(IOptions<AuthOptions> options, TimeProvider time)
{
    private const int CountersMax = 100_000;

    private readonly ExpiringCache<string, Failures> byName = new(CountersMax, time);
    private readonly ExpiringCache<string, Failures> byAddress = new(CountersMax, time);

    /// <summary>Ends the request when its name or address is locked, whatever password it brings.</summary>
    /// <exception cref="ProblemException">429 with <c>Retry-After</c>.</exception>
    public void ThrowIfLocked(string name, string address)
    {
        var wait = Max(Locked(byName, NameAt(name, address), options.Value.FailuresPerUserMax), Locked(byAddress, address, options.Value.FailuresPerAddressMax));
        if (wait > TimeSpan.Zero)
        {
            throw new ProblemException(new Problem(
                StatusCodes.Status429TooManyRequests, "too many failed sign-ins", "Sign-in is locked for this name or address.")
            {
                Hint = "Wait for the time in Retry-After.",
                RetryAfter = wait,
            });
        }
    }

    /// <summary>Counts a failed sign-in.</summary>
    /// <returns>Whether this one locked the name or the address.</returns>
    public bool CountFailure(string name, string address) =>
        Count(byName, NameAt(name, address)) == options.Value.FailuresPerUserMax | Count(byAddress, address) == options.Value.FailuresPerAddressMax;

    /// <summary>A right password clears its name; the address may still be trying others.</summary>
    public void ForgetFailures(string name, string address)
    {
        if (byName.TryGet(NameAt(name, address), out var failures))
            Volatile.Write(ref failures.Count, 0);
    }

    private static string NameAt(string name, string address) => $"{address} {name}";

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private int Count(ExpiringCache<string, Failures> counters, string key)
    {
        if (!counters.TryGet(key, out var failures))
        {
            failures = new Failures(time.GetUtcNow().AddSeconds(options.Value.FailureWindowSeconds));
            counters.Set(key, failures, failures.Ends);
        }

        return Interlocked.Increment(ref failures.Count);
    }

    private TimeSpan Locked(ExpiringCache<string, Failures> counters, string key, int max) =>
        counters.TryGet(key, out var failures) && Volatile.Read(ref failures.Count) >= max
            ? failures.Ends - time.GetUtcNow()
            : TimeSpan.Zero;

    private sealed class Failures(DateTimeOffset ends)
    {
        public int Count;

        public DateTimeOffset Ends { get; } = ends;
    }
}
