using System.Text.Json;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;
using static BuildingMgmt.Functions.Tests.SensorData.PostedReadings;

namespace BuildingMgmt.Functions.Tests.SensorData;

[Collection(AppTests.Name)]
public class PostSensorDataTests(RunningApp app)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("gateway-north", 3)]
    [InlineData("ingest", 4)]
    [InlineData("engineer-north", 5)]
    public async Task Posted_reading_is_on_the_dashboard(string caller, int number)
    {
        var sensor = TestCampus.Sensor(TestCampus.NorthGround, number);
        var time = TimeProvider.System.GetUtcNow().AddSeconds(-1);
        using var response = await app.SendAsync(caller, HttpMethod.Post, "/api/sensors/data", Cancellation, json: Reading(sensor, time, 20.125 + number));
        var accepted = await AcceptedAsync(response);
        Assert.True(Guid.TryParse(accepted, out _));

        var metric = await Eventually.ValueAsync(() => app.MetricAsync(sensor, 20.125 + number), Deadline, "the reading is on the dashboard", Cancellation);
        Assert.Equal("°C", metric["unit"].GetString());
        Assert.Equal("good", metric["quality"].GetString());
        Assert.False(metric["stale"].GetBoolean());
        Assert.InRange((metric["timestamp"].GetDateTimeOffset() - time).TotalMilliseconds, -1, 1);
    }

    [Fact]
    public async Task Large_batch_arrives_whole()
    {
        // Some 900 KB: it travels compressed, as one event.
        var sensor = TestCampus.Sensor(TestCampus.NorthGround, 10);
        var start = TimeProvider.System.GetUtcNow().AddHours(-2);
        var readings = Enumerable.Range(0, 6000).Select(n => Reading(sensor, start.AddSeconds(n), 20 + (n / 1000.0))).ToArray();
        using var response = await app.SendAsync(
            "gateway-north", HttpMethod.Post, "/api/sensors/data/batch", Cancellation, json: new { gateway_id = "gateway-north", batch_id = "large-1", batch = readings });
        Assert.Equal("large-1", await AcceptedAsync(response));
        await using var count = app.Database.CreateCommand($"SELECT count(*) FROM readings WHERE sensor_id = '{sensor}' AND time >= '{start.AddMilliseconds(-1):O}'");
        await Eventually.TrueAsync(
            async () => (long)(await count.ExecuteScalarAsync(Cancellation))! == 6000, Deadline, "6,000 readings are stored", Cancellation);
    }

    [Fact]
    public async Task Bad_reading_is_accepted_and_becomes_a_dead_letter_beside_the_good_one()
    {
        var sensor = TestCampus.Sensor(TestCampus.NorthGround, 11);
        var unknown = Guid.NewGuid();
        using var response = await app.SendAsync(
            "ingest", HttpMethod.Post, "/api/sensors/data/batch", Cancellation,
            json: new { batch = new[] { Reading(unknown, TimeProvider.System.GetUtcNow(), 1), Reading(sensor, TimeProvider.System.GetUtcNow(), 23.75) } });
        var batchId = await AcceptedAsync(response);
        await Eventually.ValueAsync(() => app.MetricAsync(sensor, 23.75), Deadline, "the good reading is on the dashboard", Cancellation);
        await using var letters = app.Database.CreateCommand($"SELECT count(*) FROM dead_letter WHERE batch_id = '{batchId}' AND gateway_id = 'http:ingest'");
        Assert.Equal(1L, await letters.ExecuteScalarAsync(Cancellation));
    }

    [Fact]
    public async Task Account_of_ingest_counts_what_was_stored()
    {
        var before = await app.GetJsonAsync("viewer-north", "/api/ops/ingest", Cancellation);
        using var response = await app.SendAsync(
            "gateway-north", HttpMethod.Post, "/api/sensors/data", Cancellation,
            json: Reading(TestCampus.Sensor(TestCampus.NorthGround, 13), TimeProvider.System.GetUtcNow(), 22));
        await AcceptedAsync(response);
        await Eventually.TrueAsync(
            async () =>
            {
                var now = await app.GetJsonAsync("viewer-north", "/api/ops/ingest", Cancellation);
                return now.GetProperty("stored_today").GetInt64() > before.GetProperty("stored_today").GetInt64();
            },
            Deadline,
            "what was posted is counted",
            Cancellation);
    }
}
