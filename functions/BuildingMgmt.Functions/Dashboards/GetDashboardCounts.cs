using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.Dashboards;

/// <summary>Answer of <c>GET /api/ops/dashboards</c>: what the answering process counted of floor dashboards since it started.</summary>
/// <param name="Hits">Floors that were ready when they were asked for.</param>
/// <param name="Misses">Floors whose caller waited for them to be made, by itself or for another.</param>
/// <param name="StoreReads">Reads of the table store.</param>
/// <param name="HitRate">Share of hits among all answers; null before the first.</param>
public sealed record DashboardCounts(long Hits, long Misses, long StoreReads, double? HitRate);

/// <summary>How well the cache of floor dashboards works.</summary>
public sealed class GetDashboardCounts(DashboardMeter meter)
{
    /// <summary>The counts of the process that answers.</summary>
    [Function(nameof(GetDashboardCounts))]
    [RequiresRole(Roles.Admin)]
    public IResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/ops/dashboards")] HttpRequest request)
    {
        _ = new QueryReader(request);
        request.HttpContext.Response.Headers.CacheControl = "private, no-cache";
        return Results.Json(meter.Counts(), ApiJson.Default.DashboardCounts);
    }
}
