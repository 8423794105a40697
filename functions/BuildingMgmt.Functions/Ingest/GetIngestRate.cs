using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>How much is arriving.</summary>
public sealed class GetIngestRate(IngestRates rates)
{
    /// <summary>The rate and today's counts of the buildings that the caller may see.</summary>
    [Function(nameof(GetIngestRate))]
    [RequiresRole(Roles.Viewer)]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/ops/ingest")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        _ = new QueryReader(request);
        var rate = await rates.GetAsync(Caller.Of(request).BuildingsWith(Roles.Viewer), cancellationToken);
        request.HttpContext.Response.Headers.CacheControl = "private, no-cache";
        return Results.Json(rate, ApiJson.Default.IngestRate);
    }
}
