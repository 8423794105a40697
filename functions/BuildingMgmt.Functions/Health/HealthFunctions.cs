using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.Health;

/// <summary>Tells a load balancer or an orchestrator how this process is.</summary>
public sealed class HealthFunctions(Readiness readiness)
{
    /// <summary>200 as long as the process serves requests, whatever its dependencies do.</summary>
    [Function("GetLiveness")]
    [AllowAnonymousAccess(IsLimited = false)]
    public static IResult GetLiveness([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/health/live")] HttpRequest request)
    {
        NoStore(request);
        return Results.Json(new HealthReport("live", [], []), ApiJson.Default.HealthReport);
    }

    /// <summary>200 when every dependency answers, else 503; the body says which does not.</summary>
    [Function("GetReadiness")]
    [AllowAnonymousAccess(IsLimited = false)]
    public async Task<IResult> GetReadinessAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/health/ready")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        NoStore(request);
        var report = await readiness.CheckAsync(cancellationToken);
        var isReady = report.Status == "ready";
        if (!isReady)
            request.HttpContext.Response.Headers.RetryAfter = "1";
        return Results.Json(
            report,
            ApiJson.Default.HealthReport,
            statusCode: isReady ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable);
    }

    private static void NoStore(HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        _ = new QueryReader(request);
        request.HttpContext.Response.Headers.CacheControl = "no-store";
    }
}
