using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.Auth;

/// <summary>Keeps single callers from taking what belongs to all: by name once a caller is known, by address before.</summary>
public sealed class RateLimits : IDisposable
{
    private readonly RateLimit? byCaller;
    private readonly RateLimit? byAddress;
    private readonly ClientAddresses addresses;

    /// <summary>Reads how much is allowed.</summary>
    public RateLimits(IOptions<RateLimitOptions> options, ClientAddresses addresses)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.addresses = addresses;
        byCaller = RateLimit.Create("caller", options.Value.RequestsPerCallerPerMinute);
        byAddress = RateLimit.Create("address", options.Value.RequestsPerAddressPerMinute);
    }

    /// <summary>Counts a request of a known caller.</summary>
    /// <exception cref="Api.ProblemException">429 with <c>Retry-After</c>.</exception>
    public void CountCaller(Caller caller, HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(caller);
        byCaller?.Count(caller.RateLimitKey, http);
    }

    /// <summary>Counts a request that has no caller.</summary>
    /// <exception cref="Api.ProblemException">429 with <c>Retry-After</c>.</exception>
    public void CountAddress(HttpContext http) => byAddress?.Count(addresses.Of(http), http);

    /// <inheritdoc/>
    public void Dispose()
    {
        byCaller?.Dispose();
        byAddress?.Dispose();
    }
}
