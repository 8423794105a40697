using System.Globalization;
using System.Threading.RateLimiting;
using BuildingMgmt.Functions.Api;

namespace BuildingMgmt.Functions.Auth;

/// <summary>
/// One limit, for each of many keys: a token bucket that is full at first and fills up within a minute. It tells its state in the header
/// fields of draft-ietf-httpapi-ratelimit-headers-11.
/// </summary>
internal sealed class RateLimit : IDisposable
{
    /// <summary>Header with the rule.</summary>
    public const string PolicyHeader = "RateLimit-Policy";

    /// <summary>Header with what is left.</summary>
    public const string StateHeader = "RateLimit";

    // Keys share so many buckets, so that memory stays bounded whoever sends; which share one differs from process to process.
    private const int BucketsMax = 16_384;

    private readonly PartitionedRateLimiter<int> buckets;
    private readonly string name;
    private readonly string policy;
    private readonly int periodSeconds;

    private RateLimit(string name, int requestsPerMinute)
    {
        this.name = name;
        policy = string.Create(CultureInfo.InvariantCulture, $"\"{name}\";q={requestsPerMinute};w=60");
        // The most often that whole requests can be given back.
        periodSeconds = requestsPerMinute >= 60 ? 1 : (int)Math.Ceiling(60.0 / requestsPerMinute);
        var bucket = new TokenBucketRateLimiterOptions
        {
            TokenLimit = requestsPerMinute,
            TokensPerPeriod = Math.Max(1, requestsPerMinute / 60),
            ReplenishmentPeriod = TimeSpan.FromSeconds(periodSeconds),
            AutoReplenishment = false,
        };
        // The partitions are filled by one timer, and forgotten when they have been full for a while.
        buckets = PartitionedRateLimiter.Create<int, int>(key => RateLimitPartition.GetTokenBucketLimiter(key, _ => bucket));
    }

    /// <summary>A limit; null when there is to be none.</summary>
    public static RateLimit? Create(string name, int requestsPerMinute) =>
        requestsPerMinute == 0 ? null : new RateLimit(name, requestsPerMinute);

    /// <summary>Counts a request and says in its answer what is left.</summary>
    /// <exception cref="ProblemException">429 with <c>Retry-After</c>.</exception>
    public void Count(string key, HttpContext http)
    {
        var bucket = (int)((uint)key.GetHashCode(StringComparison.Ordinal) % BucketsMax);
        using var lease = buckets.AttemptAcquire(bucket);
        var left = lease.IsAcquired ? buckets.GetStatistics(bucket)?.CurrentAvailablePermits ?? 0 : 0;
        var headers = http.Response.Headers;
        headers[PolicyHeader] = policy;
        headers[StateHeader] = string.Create(CultureInfo.InvariantCulture, $"\"{name}\";r={left};t={periodSeconds}");
        if (!lease.IsAcquired)
            throw new ProblemException(TooMany());
    }

    /// <inheritdoc/>
    public void Dispose() => buckets.Dispose();

    private Problem TooMany() =>
        new(StatusCodes.Status429TooManyRequests, "too many requests", $"This {name} has sent more requests than it may: {policy}.")
        {
            Hint = "Wait for the time in Retry-After, and send fewer.",
            RetryAfter = TimeSpan.FromSeconds(periodSeconds),
        };
}
