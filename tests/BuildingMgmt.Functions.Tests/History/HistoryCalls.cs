using System.Globalization;
using System.Text;
using System.Text.Json;
using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.History;
using BuildingMgmt.Functions.Tests.Ingest;
using Microsoft.AspNetCore.Http;

namespace BuildingMgmt.Functions.Tests.History;

/// <summary>Calls the function as its host does, in this process, so that its clock is the test's.</summary>
internal static class HistoryCalls
{
    /// <summary>The answer's body.</summary>
    public static async Task<byte[]> HistoryAsync(this IngestApp app, Guid floorId, string query, string accept = "application/json")
    {
        var context = new DefaultHttpContext();
        context.Features.Set(new Caller("viewer", isGateway: false, [new Grant(Roles.Viewer, null)]));
        context.Request.QueryString = new QueryString($"?{query}");
        context.Request.Headers.Accept = accept;
        using var body = new MemoryStream();
        context.Response.Body = body;
        var function = new GetFloorHistory(app.Get<FloorHistory>(), app.Get<CatalogueCache>(), app.Time);
        var result = await function.RunAsync(context.Request, floorId.ToString(), TestContext.Current.CancellationToken);
        await result.ExecuteAsync(context);
        return body.ToArray();
    }

    public static async Task<JsonElement> HistoryJsonAsync(this IngestApp app, Guid floorId, string query) =>
        JsonDocument.Parse(await app.HistoryAsync(floorId, query)).RootElement;

    public static async Task<string> HistoryCsvAsync(this IngestApp app, Guid floorId, string query) =>
        Encoding.UTF8.GetString(await app.HistoryAsync(floorId, query, "text/csv"));

    /// <summary>What is said instead of an answer.</summary>
    public static async Task<Problem> HistoryProblemAsync(this IngestApp app, Guid floorId, string query) =>
        (await Assert.ThrowsAsync<ProblemException>(() => app.HistoryAsync(floorId, query))).Problem;

    /// <summary>The samples of the only series, gaps left out, with these members, joined by blanks.</summary>
    public static List<string> Samples(JsonElement answer, params string[] members) =>
    [
        .. Assert.Single(answer.GetProperty("series").EnumerateArray()).GetProperty("points").EnumerateArray()
            .Where(sample => !IsGap(sample))
            .Select(sample => string.Join(' ', members.Select(member => Text(sample.GetProperty(member))))),
    ];

    public static bool IsGap(JsonElement sample) =>
        sample.GetProperty(sample.TryGetProperty("quality", out _) ? "quality" : "worst_quality").ValueKind == JsonValueKind.Null;

    private static string Text(JsonElement member) => member.ValueKind switch
    {
        JsonValueKind.Null => "-",
        // Sums of many readings differ in their last digits by the order they are taken in.
        JsonValueKind.Number => Math.Round(member.GetDouble(), 6).ToString(CultureInfo.InvariantCulture),
        _ => member.ToString(),
    };
}
