using System.Globalization;
using System.Text.Json;
using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using BuildingMgmt.Functions.Catalogue;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace BuildingMgmt.Functions.RollUps.Rebuild;

/// <summary>Body of <c>POST /api/ops/roll-ups/rebuild</c>.</summary>
/// <param name="From">First day, <c>2026-03-01</c>, of the building's calendar.</param>
/// <param name="To">Last day.</param>
/// <param name="BuildingId">Absent or null rebuilds all buildings.</param>
public sealed record RebuildRequest(string From, string To, string? BuildingId = null);

/// <summary>A rebuild as the API shows it.</summary>
/// <param name="Status">pending, running, completed or failed.</param>
/// <param name="DaysDone">Days of buildings that are done; null before it has begun.</param>
/// <param name="DaysTotal">Days of buildings that are to be done; null before it has begun.</param>
/// <param name="BucketsCompared">Hours of points that were computed again.</param>
/// <param name="Differences">Hours and days of points that were not stored as they should be, and are now.</param>
/// <param name="CreatedAt">When it was asked for, UTC.</param>
/// <param name="LastUpdatedAt">When its status last changed, UTC.</param>
public sealed record RebuildStatus(
    Guid RebuildId,
    string Status,
    Guid? BuildingId,
    DateOnly From,
    DateOnly To,
    int? DaysDone,
    int? DaysTotal,
    long BucketsCompared,
    long Differences,
    DateTime CreatedAt,
    DateTime LastUpdatedAt);

/// <summary>Starts rebuilds of roll-ups from the readings, and shows how far they are.</summary>
public sealed class PostRollUpRebuild(CatalogueCache catalogue, TimeProvider time)
{
    private const int BodyBytesMax = 8 * 1024;
    private const int DaysMax = 3_700;

    /// <summary>202 with where its status is; for one building or, by its administrators, for all.</summary>
    [Function("PostRollUpRebuild")]
    [RequiresRole(Roles.Engineer)]
    public async Task<IResult> PostAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/ops/roll-ups/rebuild")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        _ = new QueryReader(request);
        var plan = Plan(Parse(await RequestBody.ReadJsonAsync(request, BodyBytesMax, cancellationToken)));
        if (plan.BuildingId is { } buildingId)
            await RequireBuildingAsync(Caller.Of(request), buildingId, cancellationToken);
        else if (!MayRebuildAll(Caller.Of(request)))
            throw new ProblemException(NotForAll());

        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        await client.ScheduleNewOrchestrationInstanceAsync(
            nameof(RebuildRollUps), plan, new Microsoft.DurableTask.StartOrchestrationOptions(id.ToString()), cancellationToken);
        request.HttpContext.Response.Headers.Location = $"/api/ops/roll-ups/rebuild/{id}";
        var status = new RebuildStatus(id, "pending", plan.BuildingId, plan.From, plan.To, null, null, 0, 0, now.UtcDateTime, now.UtcDateTime);
        return Results.Json(status, ApiJson.Default.RebuildStatus, statusCode: StatusCodes.Status202Accepted);
    }

    /// <summary>How far a rebuild is and what it has shown.</summary>
    [Function("GetRollUpRebuild")]
    [RequiresRole(Roles.Engineer)]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/ops/roll-ups/rebuild/{rebuildId}")] HttpRequest request,
        string rebuildId,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        _ = new QueryReader(request);
        var id = PathId.Parse("rebuild_id", rebuildId);
        var instance = await client.GetInstanceAsync(id.ToString(), getInputsAndOutputs: true, cancellationToken);
        if (instance?.Name != nameof(RebuildRollUps) || instance.ReadInputAs<RebuildPlan>() is not { } plan || !MaySee(Caller.Of(request), plan))
            throw new ProblemException(Problem.NotFound("rebuild", rebuildId));
        request.HttpContext.Response.Headers.CacheControl = "private, no-cache";
        return Results.Json(Status(id, instance, plan), ApiJson.Default.RebuildStatus);
    }

    private static RebuildStatus Status(Guid id, OrchestrationMetadata instance, RebuildPlan plan)
    {
        var progress = instance.SerializedCustomStatus is null ? null : instance.ReadCustomStatusAs<RebuildProgress>();
        var result = progress?.Result ?? plan.Result;
        var status = instance.RuntimeStatus switch
        {
            OrchestrationRuntimeStatus.Completed => "completed",
            OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated => "failed",
            OrchestrationRuntimeStatus.Pending => "pending",
            _ => "running",
        };
        return new RebuildStatus(
            id, status, plan.BuildingId, plan.From, plan.To, progress?.DaysDone, progress?.DaysTotal, result.BucketsCompared,
            result.Differences, instance.CreatedAt.UtcDateTime, instance.LastUpdatedAt.UtcDateTime);
    }

    private static bool MaySee(Caller caller, RebuildPlan plan) =>
        plan.BuildingId is { } buildingId ? caller.May(Roles.Engineer, buildingId) : MayRebuildAll(caller);

    private static bool MayRebuildAll(Caller caller) => caller.BuildingsWith(Roles.Admin) is null;

    private async Task RequireBuildingAsync(Caller caller, Guid buildingId, CancellationToken cancellationToken)
    {
        var isKnown = Knows(await catalogue.GetAsync(cancellationToken)) || Knows(await catalogue.RefreshForRequestAsync(cancellationToken));
        if (!isKnown || !caller.May(Roles.Engineer, buildingId))
            throw new ProblemException(Problem.NotFound("building", buildingId.ToString()));

        bool Knows(CatalogueSnapshot snapshot) => snapshot.Buildings.Any(building => building.BuildingId == buildingId);
    }

    private static RebuildRequest Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            if (JsonSerializer.Deserialize(body.Span, ApiJson.Default.RebuildRequest) is { } request)
                return request;
        }
        catch (JsonException)
        {
            // Told below.
        }

        throw new ProblemException(new Problem(
            StatusCodes.Status400BadRequest, "bad body", "The body does not have the texts that a rebuild takes, and no others.")
        { Hint = "Send {\"building_id\":\"…\",\"from\":\"2026-03-01\",\"to\":\"2026-03-31\"}; without building_id for all buildings." });
    }

    private static RebuildPlan Plan(RebuildRequest request)
    {
        Guid? buildingId = request.BuildingId is { } id ? PathId.Parse("building_id", id) : null;
        var (from, to) = (Day("from", request.From), Day("to", request.To));
        if (from > to)
        {
            throw new ProblemException(Problem.BadValue(
                "from", $"\"from\" ({request.From}) is later than \"to\" ({request.To}).", "Swap them."));
        }

        if (to.DayNumber - from.DayNumber >= DaysMax)
        {
            throw new ProblemException(Problem.BadValue(
                "to", $"From {request.From} to {request.To} are more than {DaysMax} days.", "Rebuild them one after another."));
        }

        return new RebuildPlan(buildingId, from, to, null, 0, new RebuildResult(0, 0));
    }

    private static DateOnly Day(string name, string value) =>
        DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
        && day.Year is >= 1970 and < 9999
            ? day
            : throw new ProblemException(Problem.BadValue(
                name,
                $"\"{name}\" ({QueryReader.Quote(value)}) is not a date from 1970 on.",
                "Give a day of the building's calendar like 2026-03-01."));

    private static Problem NotForAll() =>
        new(StatusCodes.Status403Forbidden, "not allowed", "To rebuild all buildings needs the role admin for all of them.")
        { Hint = "Name a building of yours as building_id, or ask an administrator.", Parameter = "building_id" };
}
