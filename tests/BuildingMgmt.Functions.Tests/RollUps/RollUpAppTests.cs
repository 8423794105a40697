using System.Globalization;
using System.Net;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.RollUps;

/// <summary>From a request through hub, ingest and timer to the views.</summary>
[Collection(AppTests.Name)]
public sealed class RollUpAppTests(RunningApp app)
{
    [Fact]
    public async Task Readings_that_are_sent_are_rolled_up()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var sensor = TestCampus.Sensor(TestCampus.NorthGround, 1);
        var hour = TimeProvider.System.GetUtcNow().UtcDateTime.Date.AddHours(-10);
        var batch = new[] { 10, 30, 50 }.Select(minute => new
        {
            sensor_id = sensor,
            timestamp = hour.AddMinutes(minute).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            data = new { temperature = minute, humidity = 55 },
        });
        using var accepted = await app.SendAsync("ingest-north", HttpMethod.Post, "/api/sensors/data/batch", cancellationToken, new { batch });
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);

        await using var command = app.Database.CreateCommand("""
            SELECT h.metric || ' ' || h.avg || ' ' || h.count || ' ' || d.count
            FROM readings_hourly h JOIN readings_daily d USING (sensor_id, metric)
            WHERE h.sensor_id = $1 AND h.bucket = $2 AND h.metric = 'temperature'
            """);
        command.Parameters.AddWithValue(sensor);
        command.Parameters.AddWithValue(hour);
        var row = await Eventually.ValueAsync(
            async () => (string?)await command.ExecuteScalarAsync(cancellationToken), TimeSpan.FromSeconds(180), "the timer has rolled them up", cancellationToken);
        // More than 50 is suspect there, 50 is not.
        Assert.Equal("temperature 30 3 3", row);
    }
}
