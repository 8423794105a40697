using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using BuildingMgmt.Functions.Ingest;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.Gateways;

/// <summary>Shows how the gateways of the caller's buildings are, and what became of what they sent.</summary>
public sealed class ListGateways(GatewayQueries queries, IngestRates rates, TimeProvider time)
{
    private const int DaysMax = 366;
    private const int DaysShown = 30;

    private static readonly string[] Booleans = ["true", "false"];

    /// <summary>Gateways by id; <c>building_id</c> and <c>silent</c> filter.</summary>
    [Function("ListGatewayStates")]
    [RequiresRole(Roles.Viewer)]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/ops/gateways")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "building_id", "silent", "limit", "cursor");
        var silent = query.OneOf("silent", Booleans) is { } word ? word == "true" : (bool?)null;
        var limit = query.Limit();
        var rows = await queries.ListAsync(
            Caller.Of(request).BuildingsWith(Roles.Viewer), query.Id("building_id"), silent, query.Cursor()?.Name, limit, cancellationToken);
        var perMinute = await rates.GetByGatewayAsync(cancellationToken);
        rows = rows.ConvertAll(row => row with { ReadingsPerMinute = perMinute.TryGetValue(row.GatewayId, out var rate) ? rate : null });
        return Results.Json(Page.Of(rows, limit, row => new PageKey(row.GatewayId, Guid.Empty)), ApiJson.Default.PageGatewayStatus);
    }

    /// <summary>One gateway's ledger and gaps; <c>from</c> and <c>to</c> are days, both included: the last 30 unless they say otherwise.</summary>
    [Function("GetGatewayLedger")]
    [RequiresRole(Roles.Viewer)]
    public async Task<IResult> GetLedgerAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/ops/gateways/{gatewayId}/ledger")] HttpRequest request,
        string gatewayId,
        CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "from", "to");
        var to = query.Day("to") ?? DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        var from = query.Day("from") ?? DateOnly.FromDayNumber(Math.Max(0, to.DayNumber - DaysShown + 1));
        if (from > to || to.DayNumber - from.DayNumber >= DaysMax)
        {
            throw new ProblemException(Problem.BadValue(
                "from", $"Parameter \"from\" ({from:yyyy-MM-dd}) is after \"to\" ({to:yyyy-MM-dd}), or more than {DaysMax} days before it.",
                $"Give at most {DaysMax} days, the first in \"from\"."));
        }

        var report = gatewayId.Contains('\0', StringComparison.Ordinal)
            ? null
            : await queries.LedgerAsync(gatewayId, Caller.Of(request).BuildingsWith(Roles.Viewer), from, to, cancellationToken);
        return report is null ? Problem.NotFound("gateway", gatewayId).ToResult() : Results.Json(report, ApiJson.Default.GatewayLedgerReport);
    }
}
