using BuildingMgmt.Functions.Auth;
using Microsoft.AspNetCore.Cors.Infrastructure;

namespace BuildingMgmt.Functions.Api;

/// <summary>The headers that every answer has, also the one that is given instead of a function's.</summary>
public sealed class ResponseHeaders(ICorsService cors, CrossOriginPolicy crossOrigin)
{
    /// <summary>Sets them before the function runs, which may set stricter or wider ones.</summary>
    public void Apply(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        var headers = http.Response.Headers;
        headers[RequestId.Header] = RequestId.Of(http);
        headers.XContentTypeOptions = "nosniff";
        // Answers are data: a browser that is led to show one as a page runs nothing, frames nothing, and tells nobody its URL.
        headers.ContentSecurityPolicy = "default-src 'none'; frame-ancestors 'none'";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        if (http.Request.IsHttps)
            headers.StrictTransportSecurity = "max-age=31536000";
        if (crossOrigin.Policy is { } policy && http.Request.Headers.Origin.Count > 0)
            cors.ApplyResult(cors.EvaluatePolicy(http, policy), http.Response);
    }

    /// <summary>Takes back all that was set, but for the headers of every answer and what was counted.</summary>
    public void Reset(HttpContext http)
    {
        ArgumentNullException.ThrowIfNull(http);
        var headers = http.Response.Headers;
        var (policy, state) = (headers[RateLimit.PolicyHeader], headers[RateLimit.StateHeader]);
        // What the function had set so far (an ETag, a cookie) belongs to the answer that is not given.
        http.Response.Clear();
        Apply(http);
        headers[RateLimit.PolicyHeader] = policy;
        headers[RateLimit.StateHeader] = state;
    }
}
