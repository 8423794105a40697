using System.Net;
using System.Net.Http.Headers;
using System.Text;
using BuildingMgmt.Functions.Tests.Api;

namespace BuildingMgmt.Functions.Tests.SensorData;

/// <summary>Bodies that are refused whole.</summary>
[Collection(AppTests.Name)]
public sealed class PostedBodyTests(RunningApp app)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wrong_shape_is_400_that_names_the_member()
    {
        using var response = await app.SendAsync(
            "ingest", HttpMethod.Post, "/api/sensors/data/batch", Cancellation, json: new { batch = new[] { new { sensor_id = "s" } } });
        await ProblemAssert.IsAsync(response, HttpStatusCode.BadRequest, "batch[0].timestamp");
    }

    [Theory]
    [InlineData("{\"batch\":[{\"sensor_id\":\"\\ud800\",\"timestamp\":\"x\",\"data\":{}}]}")]
    [InlineData("{\"batch\":[{\"sensor_id\":\"x\",\"timestamp\":\"x\",\"data\":{\"\\ud800\":1}}]}")]
    [InlineData("{\"batch_id\":\"\\udc00\",\"batch\":[{\"sensor_id\":\"x\",\"timestamp\":\"x\",\"data\":{}}]}")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"batch\":[{\"sensor_id\":\"x\",\"timestamp\":\"x\",\"data\":{}}],\"batch\":[{\"sensor_id\":\"y\",\"timestamp\":\"y\",\"data\":{}}]}")]
    [InlineData("{\"batch\":[{\"sensor_id\":\"x\",\"sensor_id\":\"y\",\"timestamp\":\"x\",\"data\":{}}]}")]
    public async Task Body_with_broken_text_or_a_member_twice_is_refused_whole(string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await app.SendAsync("ingest", HttpMethod.Post, "/api/sensors/data/batch", Cancellation, json: content);
        await ProblemAssert.IsAsync(response, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Body_with_invalid_UTF8_is_refused()
    {
        using var content = new ByteArrayContent([.. "{\"sensor_id\":\""u8, 0xFF, .. "\",\"timestamp\":\"x\",\"data\":{}}"u8]);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        using var response = await app.SendAsync("ingest", HttpMethod.Post, "/api/sensors/data", Cancellation, json: content);
        await ProblemAssert.IsAsync(response, HttpStatusCode.BadRequest);
    }
}
