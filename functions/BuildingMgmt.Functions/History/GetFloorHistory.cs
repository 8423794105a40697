using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using BuildingMgmt.Functions.Catalogue;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.History;

/// <summary>What a floor's points were: readings, hours or days.</summary>
public sealed class GetFloorHistory(FloorHistory history, CatalogueCache catalogue, TimeProvider time)
{
    /// <summary>
    /// 200 with series or, when <c>limit</c> or <c>cursor</c> is given, a page of readings; as JSON or CSV, by <c>Accept</c>. 404 for a
    /// floor the caller may not see, 503 with what to narrow when it takes too long.
    /// </summary>
    [Function(nameof(GetFloorHistory))]
    [RequiresRole(Roles.Viewer)]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/dashboard/floor/{floorId}/history")] HttpRequest request,
        string floorId,
        CancellationToken cancellationToken)
    {
        var id = PathId.Parse("floor_id", floorId);
        var snapshot = await catalogue.GetAsync(cancellationToken);
        if (!snapshot.TryGetFloor(id, out var floor))
            (await catalogue.RefreshForRequestAsync(cancellationToken)).TryGetFloor(id, out floor);
        if (floor is null || !Caller.Of(request).May(Roles.Viewer, floor.Building.BuildingId))
            throw new ProblemException(Problem.NotFound("floor", floorId));
        var query = new HistoryParameters(request).Of(floor, time.GetUtcNow().UtcDateTime);
        return await history.AnswerAsync(query, HistoryFormat.AcceptedBy(request), cancellationToken);
    }
}
