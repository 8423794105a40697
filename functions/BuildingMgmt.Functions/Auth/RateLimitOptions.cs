using System.ComponentModel.DataAnnotations;

namespace BuildingMgmt.Functions.Auth;

/// <summary>How many requests one may send, in each process of the app: section <c>RateLimits</c>.</summary>
public sealed class RateLimitOptions
{
    /// <summary>Requests of one user or gateway in a minute; so many may also come at once. 0 is no limit. Default 6,000.</summary>
    [Range(0, 100_000_000)]
    public int RequestsPerCallerPerMinute { get; set; } = 6_000;

    /// <summary>
    /// Requests from one address in a minute that have no caller: sign-ins, refreshes, refused tokens, the page. 0 is no limit.
    /// Default 1,200.
    /// </summary>
    [Range(0, 100_000_000)]
    public int RequestsPerAddressPerMinute { get; set; } = 1_200;
}
