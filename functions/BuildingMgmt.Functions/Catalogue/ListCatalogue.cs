using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.Catalogue;

/// <summary>Lists buildings, floors and sensors in pages, and shows single ones. What the caller may not see is not there.</summary>
public sealed class ListCatalogue(CatalogueQueries queries)
{
    private static readonly string[] Statuses = ["active", "inactive", "maintenance"];

    /// <summary>Buildings by name.</summary>
    [Function(nameof(ListBuildings))]
    [RequiresRole(Roles.Viewer)]
    public async Task<IResult> ListBuildings(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/buildings")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "limit", "cursor");
        var filter = Filter(request, query);
        var rows = await queries.BuildingsAsync(filter, cancellationToken);
        return Results.Json(Page.Of(rows, filter.Limit, b => new PageKey(b.Name, b.BuildingId)), ApiJson.Default.PageBuilding);
    }

    /// <summary>One building.</summary>
    [Function(nameof(GetBuilding))]
    [RequiresRole(Roles.Viewer)]
    public async Task<IResult> GetBuilding(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/buildings/{buildingId}")] HttpRequest request,
        string buildingId,
        CancellationToken cancellationToken)
    {
        var rows = await queries.BuildingsAsync(One(request, "building_id", buildingId), cancellationToken);
        return rows is [var building] ? Results.Json(building, ApiJson.Default.Building) : Problem.NotFound("building", buildingId).ToResult();
    }

    /// <summary>Floors by name; <c>building_id</c> filters.</summary>
    [Function(nameof(ListFloors))]
    [RequiresRole(Roles.Viewer)]
    public async Task<IResult> ListFloors(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/floors")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "building_id", "limit", "cursor");
        var filter = Filter(request, query) with { BuildingId = query.Id("building_id") };
        var rows = await queries.FloorsAsync(filter, cancellationToken);
        return Results.Json(Page.Of(rows, filter.Limit, f => new PageKey(f.Name, f.FloorId)), ApiJson.Default.PageFloor);
    }

    /// <summary>One floor.</summary>
    [Function(nameof(GetFloor))]
    [RequiresRole(Roles.Viewer)]
    public async Task<IResult> GetFloor(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/floors/{floorId}")] HttpRequest request,
        string floorId,
        CancellationToken cancellationToken)
    {
        var rows = await queries.FloorsAsync(One(request, "floor_id", floorId), cancellationToken);
        return rows is [var floor] ? Results.Json(floor, ApiJson.Default.Floor) : Problem.NotFound("floor", floorId).ToResult();
    }

    /// <summary>Sensors by name; <c>building_id</c>, <c>floor_id</c>, <c>zone</c> (a name), <c>type</c> and <c>status</c> filter.</summary>
    [Function(nameof(ListSensors))]
    [RequiresRole(Roles.Viewer)]
    public async Task<IResult> ListSensors(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/sensors")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "building_id", "floor_id", "zone", "type", "status", "limit", "cursor");
        var filter = Filter(request, query) with
        {
            BuildingId = query.Id("building_id"),
            FloorId = query.Id("floor_id"),
            Zone = query.Text("zone"),
            Type = query.Text("type"),
            Status = query.OneOf("status", Statuses),
        };
        var rows = await queries.SensorsAsync(filter, cancellationToken);
        return Results.Json(Page.Of(rows, filter.Limit, s => new PageKey(s.Name, s.SensorId)), ApiJson.Default.PageSensor);
    }

    /// <summary>One sensor.</summary>
    [Function(nameof(GetSensor))]
    [RequiresRole(Roles.Viewer)]
    public async Task<IResult> GetSensor(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/sensors/{sensorId}")] HttpRequest request,
        string sensorId,
        CancellationToken cancellationToken)
    {
        var rows = await queries.SensorsAsync(One(request, "sensor_id", sensorId), cancellationToken);
        return rows is [var sensor] ? Results.Json(sensor, ApiJson.Default.Sensor) : Problem.NotFound("sensor", sensorId).ToResult();
    }

    private static CatalogueFilter Filter(HttpRequest request, QueryReader query) =>
        new(Caller.Of(request).BuildingsWith(Roles.Viewer), query.Cursor(), query.Limit());

    private static CatalogueFilter One(HttpRequest request, string parameter, string id)
    {
        _ = new QueryReader(request);
        return new CatalogueFilter(Caller.Of(request).BuildingsWith(Roles.Viewer), null, 1) { Id = PathId.Parse(parameter, id) };
    }
}
