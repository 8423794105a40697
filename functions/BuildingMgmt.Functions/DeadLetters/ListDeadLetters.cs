using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>Shows what could not be stored, of the gateways of the caller's buildings; of nobody's gateways only to those who may see all buildings.</summary>
public sealed class ListDeadLetters(DeadLetterQueries queries)
{
    private static readonly string[] Statuses = ["open", "replayed"];

    /// <summary>The newest first, without their bytes; <c>gateway_id</c>, <c>reason</c>, <c>from</c> and <c>to</c> (when the hub accepted the event) and <c>status</c> filter.</summary>
    [Function(nameof(ListDeadLetters))]
    [RequiresRole(Roles.Engineer)]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/ops/dead-letters")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "gateway_id", "reason", "from", "to", "status", "limit", "cursor");
        var filter = new DeadLetterFilter(Caller.Of(request).BuildingsWith(Roles.Engineer))
        {
            GatewayId = query.Text("gateway_id"),
            Reason = query.Text("reason"),
            From = query.Moment("from"),
            To = query.Moment("to"),
            Status = query.OneOf("status", Statuses),
        };
        var limit = query.Limit();
        var rows = await queries.ListAsync(filter, query.RowCursor()?.Number, limit, cancellationToken);
        return Results.Json(Page.Of(rows, limit, row => new RowKey(row.DeadLetterId)), ApiJson.Default.PageDeadLetterRow);
    }

    /// <summary>One with its bytes.</summary>
    [Function("GetDeadLetter")]
    [RequiresRole(Roles.Engineer)]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/ops/dead-letters/{deadLetterId:long}")] HttpRequest request,
        long deadLetterId,
        CancellationToken cancellationToken)
    {
        _ = new QueryReader(request);
        var letter = await queries.FindAsync(deadLetterId, Caller.Of(request).BuildingsWith(Roles.Engineer), cancellationToken);
        return letter is null ? Problem.NotFound("dead letter", $"{deadLetterId}").ToResult() : Results.Json(letter, ApiJson.Default.DeadLetterWithContent);
    }
}
