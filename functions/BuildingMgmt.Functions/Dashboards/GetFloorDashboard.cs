using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using BuildingMgmt.Functions.Catalogue;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.Dashboards;

/// <summary>The latest value of every active point of a floor.</summary>
public sealed class GetFloorDashboard(FloorDashboard dashboard, CatalogueCache catalogue)
{
    /// <summary>200 with the floor, 304 when the caller's <c>If-None-Match</c> has it already, 404 for a floor the caller may not see.</summary>
    [Function(nameof(GetFloorDashboard))]
    [RequiresRole(Roles.Viewer)]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/dashboard/floor/{floorId}")] HttpRequest request,
        string floorId)
    {
        // No token: what is read here is read for all callers, and the host would link one for each request.
        var cancellationToken = CancellationToken.None;
        _ = new QueryReader(request);
        var id = PathId.Parse("floor_id", floorId);
        var snapshot = await catalogue.GetAsync(cancellationToken);
        if (!snapshot.TryGetFloor(id, out var floor))
            (await catalogue.RefreshForRequestAsync(cancellationToken)).TryGetFloor(id, out floor);
        if (floor is null || !Caller.Of(request).May(Roles.Viewer, floor.Building.BuildingId))
            throw new ProblemException(Problem.NotFound("floor", floorId));
        return await dashboard.GetAsync(floor, cancellationToken);
    }
}
