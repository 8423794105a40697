using System.Text.Json;
using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.SensorData;

namespace BuildingMgmt.Functions.Tests.SensorData;

public sealed class PostedBatchTests
{
    private const string Reading = """{"sensor_id":"s","timestamp":"t","data":{"temperature":21.50,"odd":"text"},"note":1}""";

    [Fact]
    public void Batch_goes_on_as_gateways_send_it_with_its_readings_as_they_came()
    {
        var batch = PostedBatch.ParseBatch(Json($$"""{"batch":[{{Reading}},{{Reading}}],"correction":true}"""));
        var sent = batch.ToGatewayBatch("gateway", "batch-1", new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        Assert.Equal(
            $$"""{"gateway_id":"gateway","batch_id":"batch-1","sent_at":"2026-01-02T03:04:05Z","correction":true,"batch":[{{Reading}},{{Reading}}]}""",
            System.Text.Encoding.UTF8.GetString(sent.Span));
    }

    [Fact]
    public void Whole_gateway_batch_keeps_its_own_id_and_time()
    {
        var batch = PostedBatch.ParseBatch(Json($$"""{"gateway_id":"g","batch_id":"b","sent_at":"2026-01-01T00:00:00Z","batch":[{{Reading}}]}"""));
        Assert.Equal(("g", "b", "2026-01-01T00:00:00Z", false), (batch.GatewayId, batch.BatchId, batch.SentAt, batch.IsCorrection));
    }

    [Theory]
    [InlineData("[]", "body")]
    [InlineData("{}", "batch")]
    [InlineData("""{"batch":[]}""", "batch")]
    [InlineData("""{"batch":{}}""", "batch")]
    [InlineData("""{"batch":[7]}""", "batch[0]")]
    [InlineData("""{"batch":[READING,{"timestamp":"t","data":{}}]}""", "batch[1].sensor_id")]
    [InlineData("""{"batch":[{"sensor_id":7,"timestamp":"t","data":{}}]}""", "batch[0].sensor_id")]
    [InlineData("""{"batch":[{"sensor_id":"s","data":{}}]}""", "batch[0].timestamp")]
    [InlineData("""{"batch":[{"sensor_id":"s","timestamp":"t"}]}""", "batch[0].data")]
    [InlineData("""{"batch":[{"sensor_id":"s","timestamp":"t","data":[]}]}""", "batch[0].data")]
    [InlineData("""{"batch":[{"sensor_id":"s","timestamp":"t","data":{},"quality":3}]}""", "batch[0].quality")]
    [InlineData("""{"batch":[READING],"batch_id":""}""", "batch_id")]
    [InlineData("""{"batch":[READING],"gateway_id":5}""", "gateway_id")]
    [InlineData("""{"batch":[READING],"correction":"yes"}""", "correction")]
    [InlineData("""{"batch":[READING],"colour":"red"}""", "colour")]
    public void Wrong_shape_is_refused_by_name(string body, string parameter)
    {
        var refused = Assert.Throws<ProblemException>(
            () => PostedBatch.ParseBatch(Json(body.Replace("READING", Reading, StringComparison.Ordinal))));
        Assert.Equal(400, refused.Problem.Status);
        Assert.Equal(parameter, refused.Problem.Parameter);
    }

    [Theory]
    [InlineData("7", "body")]
    [InlineData("""{"timestamp":"t","data":{}}""", "sensor_id")]
    public void Single_reading_of_a_wrong_shape_is_refused_by_name(string body, string parameter) =>
        Assert.Equal(parameter, Assert.Throws<ProblemException>(() => PostedBatch.ParseReading(Json(body))).Problem.Parameter);

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
}
