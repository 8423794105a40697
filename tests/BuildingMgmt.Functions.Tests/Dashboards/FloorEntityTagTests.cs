using System.Net;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;
using static BuildingMgmt.Functions.Tests.SensorData.PostedReadings;

namespace BuildingMgmt.Functions.Tests.Dashboards;

[Collection(AppTests.Name)]
public sealed class FloorEntityTagTests(RunningApp app)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Floor_that_does_not_change_answers_304_until_it_does()
    {
        var path = Dashboard(TestCampus.NorthEmpty);
        var sensor = TestCampus.Sensor(TestCampus.NorthEmpty, 0);
        using var first = await app.SendAsync("viewer", HttpMethod.Get, path, Cancellation);
        var tag = first.Headers.ETag!;
        Assert.True(first.Headers.CacheControl!.Private);

        using var unchanged = await app.SendAsync("viewer", HttpMethod.Get, path, Cancellation, headers: h => h.IfNoneMatch.Add(tag));
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        Assert.Equal(tag, unchanged.Headers.ETag);
        Assert.Empty(await unchanged.Content.ReadAsByteArrayAsync(Cancellation));

        using var posted = await app.SendAsync("ingest", HttpMethod.Post, "/api/sensors/data", Cancellation, json: Reading(sensor, TimeProvider.System.GetUtcNow(), 19));
        await AcceptedAsync(posted);
        await Eventually.TrueAsync(
            async () =>
            {
                using var response = await app.SendAsync("viewer", HttpMethod.Get, path, Cancellation, headers: h => h.IfNoneMatch.Add(tag));
                return response.StatusCode == HttpStatusCode.OK && response.Headers.ETag != tag;
            },
            Deadline,
            "the entity tag has changed",
            Cancellation);
    }
}
