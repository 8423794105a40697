using System.Net;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;
using Npgsql;
using static BuildingMgmt.Functions.Tests.SensorData.PostedReadings;

namespace BuildingMgmt.Functions.Tests.SensorData;

/// <summary>Who may send which readings.</summary>
[Collection(AppTests.Name)]
public sealed class SenderTests(RunningApp app)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Gateway_may_come_with_its_id_and_secret_instead_of_a_token()
    {
        var sensor = TestCampus.Sensor(TestCampus.NorthGround, 12);
        using var response = await app.SendBasicAsync("/api/sensors/data", "gateway-north", TestCampus.GatewaySecret("gateway-north"), Reading(sensor, TimeProvider.System.GetUtcNow(), 24.5));
        await AcceptedAsync(response);
        await Eventually.ValueAsync(() => app.MetricAsync(sensor, 24.5), Deadline, "the reading is on the dashboard", Cancellation);
    }

    [Theory]
    [InlineData("gateway-north", "wrong")]
    [InlineData("gateway-unknown", "gateway-north-password")]
    [InlineData("viewer", "viewer-password")]
    public async Task Wrong_gateway_credential_is_401_and_offers_both_ways_in(string id, string secret)
    {
        using var response = await app.SendBasicAsync("/api/sensors/data", id, secret, new { });
        await ProblemAssert.IsAsync(response, HttpStatusCode.Unauthorized);
        Assert.Equal(["Bearer", "Basic"], response.Headers.WwwAuthenticate.Select(challenge => challenge.Scheme));
    }

    [Fact]
    public async Task Gateway_with_its_right_secret_is_let_in_whatever_was_tried_before()
    {
        for (var attempt = 0; attempt < 6; attempt++)
        {
            using var wrong = await app.SendBasicAsync("/api/sensors/data", "gateway-south", $"wrong-{attempt}", new { });
            Assert.False(wrong.IsSuccessStatusCode);
        }

        using var right = await app.SendBasicAsync("/api/sensors/data", "gateway-south", TestCampus.GatewaySecret("gateway-south"), new { });
        await ProblemAssert.IsAsync(right, HttpStatusCode.BadRequest);
    }

    [Theory]
    [InlineData("gateway-north")]
    [InlineData("ingest-north")]
    [InlineData("engineer-north")]
    public async Task Reading_of_a_foreign_buildings_sensor_is_refused(string caller)
    {
        using var response = await app.SendAsync(
            caller, HttpMethod.Post, "/api/sensors/data", Cancellation, json: Reading(TestCampus.Sensor(TestCampus.SouthGround, 0), TimeProvider.System.GetUtcNow(), 1));
        await ProblemAssert.IsAsync(response, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Reading_of_a_sensor_just_installed_in_a_foreign_building_is_refused_too()
    {
        // Each is new when the reading comes, and the app has not had the time to notice.
        for (var attempt = 0; attempt < 5; attempt++)
        {
            var sensor = Guid.NewGuid();
            await ExecuteAsync($"INSERT INTO sensor (sensor_id, floor_id, name, type) VALUES ('{sensor}', '{TestCampus.SouthGround}', 'just installed', 'climate')");
            try
            {
                using var response = await app.SendAsync(
                    "gateway-north", HttpMethod.Post, "/api/sensors/data", Cancellation, json: Reading(sensor, TimeProvider.System.GetUtcNow(), 1));
                await ProblemAssert.IsAsync(response, HttpStatusCode.NotFound);
            }
            finally
            {
                await ExecuteAsync($"DELETE FROM sensor WHERE sensor_id = '{sensor}'");
            }
        }
    }

    [Fact]
    public async Task While_the_catalogue_cannot_be_read_only_who_may_not_send_for_all_buildings_is_kept_waiting_and_only_with_unknown_sensors()
    {
        var (unknown, known) = (Guid.NewGuid(), TestCampus.Sensor(TestCampus.NorthGround, 9));
        await app.TokenOfAsync("gateway-north", Cancellation);
        await app.TokenOfAsync("ingest", Cancellation);
        await using var hanging = await app.Database.OpenConnectionAsync(Cancellation);
        await using var transaction = await hanging.BeginTransactionAsync(Cancellation);
        await using (var hold = new NpgsqlCommand("LOCK TABLE catalogue_version", hanging, transaction))
            await hold.ExecuteNonQueryAsync(Cancellation);

        // More than a client would wait for if they waited one after the other.
        var refused = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostAsync("gateway-north", unknown)));
        foreach (var response in refused)
        {
            var problem = await ProblemAssert.IsAsync(response, HttpStatusCode.ServiceUnavailable);
            Assert.Contains("catalogue", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
            Assert.NotNull(response.Headers.RetryAfter);
            response.Dispose();
        }

        using var ofKnown = await PostAsync("gateway-north", known);
        await AcceptedAsync(ofKnown);
        using var ofAnybody = await PostAsync("ingest", unknown);
        await AcceptedAsync(ofAnybody);

        Task<HttpResponseMessage> PostAsync(string caller, Guid sensor) => app.SendAsync(
            caller, HttpMethod.Post, "/api/sensors/data", Cancellation, json: Reading(sensor, TimeProvider.System.GetUtcNow(), 21));
    }

    [Theory]
    [InlineData('x', 123, HttpStatusCode.Accepted)]
    [InlineData('x', 124, HttpStatusCode.Forbidden)]
    // Three bytes each.
    [InlineData('名', 41, HttpStatusCode.Accepted)]
    [InlineData('名', 42, HttpStatusCode.Forbidden)]
    public async Task User_whose_name_is_too_long_for_an_event_is_told_so_instead_of_losing_readings(char letter, int length, HttpStatusCode expected)
    {
        var name = new string(letter, length);
        await UserImport.ImportAsync(app.Database, [new UserSpec(name, TestCampus.PasswordOf(name), "ingest")], Cancellation);
        var sensor = TestCampus.Sensor(TestCampus.NorthGround, 14);
        var value = letter + (length / 1000.0);
        using var response = await app.SendAsync(name, HttpMethod.Post, "/api/sensors/data", Cancellation, json: Reading(sensor, TimeProvider.System.GetUtcNow(), value));
        if (expected == HttpStatusCode.Accepted)
        {
            await AcceptedAsync(response);
            await Eventually.ValueAsync(() => app.MetricAsync(sensor, value), Deadline, "the reading is on the dashboard", Cancellation);
        }
        else
        {
            await ProblemAssert.IsAsync(response, expected);
        }
    }

    [Fact]
    public async Task User_whose_name_does_not_show_is_told_so_instead_of_losing_readings()
    {
        const string name = "turned\u202Eround";
        await UserImport.ImportAsync(app.Database, [new UserSpec(name, TestCampus.PasswordOf(name), "ingest")], Cancellation);
        var reading = Reading(TestCampus.Sensor(TestCampus.NorthGround, 14), TimeProvider.System.GetUtcNow(), 1);
        using var response = await app.SendAsync(name, HttpMethod.Post, "/api/sensors/data", Cancellation, json: reading);
        await ProblemAssert.IsAsync(response, HttpStatusCode.Forbidden);
    }

    [Theory]
    [InlineData("gateway-north")]
    [InlineData("ingest")]
    public async Task Nobody_can_send_in_anothers_name(string caller)
    {
        using var response = await app.SendAsync(
            caller, HttpMethod.Post, "/api/sensors/data/batch", Cancellation,
            json: new { gateway_id = "gateway-south", batch = new[] { Reading(TestCampus.Sensor(TestCampus.NorthGround, 0), TimeProvider.System.GetUtcNow(), 1) } });
        await ProblemAssert.IsAsync(response, HttpStatusCode.BadRequest, "gateway_id");
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = app.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
