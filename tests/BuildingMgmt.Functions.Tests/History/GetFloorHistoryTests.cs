using System.Globalization;
using System.Net;
using System.Text.Json;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.History;

[Collection(AppTests.Name)]
public sealed class GetFloorHistoryTests(RunningApp app)
{
    private static readonly string Ground = $"/api/dashboard/floor/{TestCampus.NorthGround}/history";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reading_that_was_sent_is_in_the_history_as_JSON_and_as_a_table()
    {
        var sensor = TestCampus.Sensor(TestCampus.NorthGround, 17);
        var time = TimeProvider.System.GetUtcNow().UtcDateTime.AddHours(-20).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        using var accepted = await app.SendAsync(
            "ingest-north", HttpMethod.Post, "/api/sensors/data", Token, new { sensor_id = sensor, timestamp = time, data = new { humidity = 41.5 } });
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);

        var path = $"{Ground}?sensor_id={sensor}&metric=humidity&from={time}";
        var point = await Eventually.ValueAsync(
            async () => Assert.Single((await app.GetJsonAsync("viewer-north", path, Token)).GetProperty("series").EnumerateArray())
                .GetProperty("points").EnumerateArray().Where(point => point.GetProperty("timestamp").GetString() == time)
                .Select(point => (JsonElement?)point).SingleOrDefault()?.GetRawText(),
            TimeSpan.FromSeconds(30), "the reading is in the history", Token);
        Assert.Equal($$"""{"timestamp":"{{time}}","value":41.5,"quality":"good"}""", point);

        using var table = await app.SendAsync(
            "viewer-north", HttpMethod.Get, $"{path}&limit=1", Token, headers: headers => headers.Add("Accept", "application/json;q=0.5, text/csv"));
        Assert.Equal("text/csv", table.Content.Headers.ContentType?.MediaType);
        Assert.Equal("raw", Assert.Single(table.Headers.GetValues("X-Resolution")));
        Assert.Equal(
            $"timestamp,sensor_id,sensor,metric,unit,value,quality\r\n{time},{sensor},Sensor 17,humidity,%,41.5,good\r\n",
            await table.Content.ReadAsStringAsync(Token));
    }

    [Fact]
    public async Task Floor_of_a_foreign_building_is_not_found_and_nothing_but_JSON_and_CSV_is_to_be_had()
    {
        using var foreign = await app.SendAsync("viewer-north", HttpMethod.Get, $"/api/dashboard/floor/{TestCampus.SouthGround}/history", Token);
        await ProblemAssert.IsAsync(foreign, HttpStatusCode.NotFound);
        using var unknown = await app.SendAsync("viewer", HttpMethod.Get, $"{Ground}?until=2026-03-10", Token);
        await ProblemAssert.IsAsync(unknown, HttpStatusCode.BadRequest, "until");
        using var refused = await app.SendAsync(
            "viewer", HttpMethod.Get, Ground, Token, headers: headers => headers.Add("Accept", "application/xml, text/csv;q=0"));
        await ProblemAssert.IsAsync(refused, HttpStatusCode.NotAcceptable);
    }
}
