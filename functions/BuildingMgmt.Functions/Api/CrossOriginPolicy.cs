using BuildingMgmt.Functions.Auth;
using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace BuildingMgmt.Functions.Api;

/// <summary>Which pages of elsewhere may call the API, and how. They bring a token, never cookies, so no credentials are allowed.</summary>
public sealed class CrossOriginPolicy
{
    private static readonly string[] RequestHeaders =
        [HeaderNames.Authorization, HeaderNames.ContentType, HeaderNames.IfNoneMatch, "Idempotency-Key", "Last-Event-ID", RequestId.Header];

    private static readonly string[] AnswerHeaders =
        [HeaderNames.ETag, HeaderNames.Location, HeaderNames.RetryAfter, RateLimit.PolicyHeader, RateLimit.StateHeader, RequestId.Header];

    /// <summary>Reads the origins.</summary>
    public CrossOriginPolicy(IOptions<ApiOptions> options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Value.ReadAllowedOrigins() is { Length: > 0 } origins)
        {
            Policy = new CorsPolicyBuilder(origins)
                .WithMethods("GET", "POST", "PUT", "DELETE")
                .WithHeaders(RequestHeaders)
                .WithExposedHeaders(AnswerHeaders)
                .SetPreflightMaxAge(TimeSpan.FromMinutes(10))
                .Build();
        }
    }

    /// <summary>Null when no page of elsewhere may.</summary>
    public CorsPolicy? Policy { get; }
}
