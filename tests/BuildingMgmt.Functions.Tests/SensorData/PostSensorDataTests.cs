using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.SensorData;

[Collection(AppTests.Name)]
public class PostSensorDataTests(RunningApp app)
{
    private const string NorthDashboard = "/api/dashboard/floor/";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

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

        var metric = await Eventually.ValueAsync(() => MetricAsync(sensor, 20.125 + number), Deadline, "the reading is on the dashboard", Cancellation);
        Assert.Equal("°C", metric["unit"].GetString());
        Assert.Equal("good", metric["quality"].GetString());
        Assert.False(metric["stale"].GetBoolean());
        Assert.InRange((metric["timestamp"].GetDateTimeOffset() - time).TotalMilliseconds, -1, 1);
    }

    [Fact]
    public async Task Floor_that_does_not_change_answers_304_until_it_does()
    {
        var path = NorthDashboard + TestCampus.NorthEmpty;
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
        await Eventually.ValueAsync(() => MetricAsync(sensor, 23.75), Deadline, "the good reading is on the dashboard", Cancellation);
        await using var letters = app.Database.CreateCommand($"SELECT count(*) FROM dead_letter WHERE batch_id = '{batchId}' AND gateway_id = 'http:ingest'");
        Assert.Equal(1L, await letters.ExecuteScalarAsync(Cancellation));
    }

    [Fact]
    public async Task Gateway_may_come_with_its_id_and_secret_instead_of_a_token()
    {
        var sensor = TestCampus.Sensor(TestCampus.NorthGround, 12);
        using var response = await SendBasicAsync("/api/sensors/data", "gateway-north", TestCampus.GatewaySecret("gateway-north"), Reading(sensor, TimeProvider.System.GetUtcNow(), 24.5));
        await AcceptedAsync(response);
        await Eventually.ValueAsync(() => MetricAsync(sensor, 24.5), Deadline, "the reading is on the dashboard", Cancellation);
    }

    [Theory]
    [InlineData("gateway-north", "wrong")]
    [InlineData("gateway-unknown", "gateway-north-password")]
    [InlineData("viewer", "viewer-password")]
    public async Task Wrong_gateway_credential_is_401_and_offers_both_ways_in(string id, string secret)
    {
        using var response = await SendBasicAsync("/api/sensors/data", id, secret, new { });
        await ProblemAssert.IsAsync(response, HttpStatusCode.Unauthorized);
        Assert.Equal(["Bearer", "Basic"], response.Headers.WwwAuthenticate.Select(challenge => challenge.Scheme));
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
            await Eventually.ValueAsync(() => MetricAsync(sensor, value), Deadline, "the reading is on the dashboard", Cancellation);
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

    [Fact]
    public async Task Wrong_shape_is_400_that_names_the_member()
    {
        using var response = await app.SendAsync(
            "ingest", HttpMethod.Post, "/api/sensors/data/batch", Cancellation, json: new { batch = new[] { new { sensor_id = "s" } } });
        await ProblemAssert.IsAsync(response, HttpStatusCode.BadRequest, "batch[0].timestamp");
    }

    [Fact]
    public async Task Rate_of_ingest_counts_what_was_stored()
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
                return now.GetProperty("stored_today").GetInt64() > before.GetProperty("stored_today").GetInt64()
                    && now.GetProperty("readings_per_minute").ValueKind == JsonValueKind.Number;
            },
            Deadline,
            "what was posted is counted",
            Cancellation);
    }

    private static object Reading(Guid sensor, DateTimeOffset time, double temperature) => new
    {
        sensor_id = sensor,
        timestamp = time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        data = new { temperature },
    };

    private static async Task<string> AcceptedAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.True(response.StatusCode == HttpStatusCode.Accepted, $"{(int)response.StatusCode} {text}");
        return JsonDocument.Parse(text).RootElement.GetProperty("batch_id").GetString()!;
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

    [Fact]
    public async Task Gateway_with_its_right_secret_is_let_in_whatever_was_tried_before()
    {
        for (var attempt = 0; attempt < 6; attempt++)
        {
            using var wrong = await SendBasicAsync("/api/sensors/data", "gateway-south", $"wrong-{attempt}", new { });
            Assert.False(wrong.IsSuccessStatusCode);
        }

        using var right = await SendBasicAsync("/api/sensors/data", "gateway-south", TestCampus.GatewaySecret("gateway-south"), new { });
        await ProblemAssert.IsAsync(right, HttpStatusCode.BadRequest);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = app.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }

    private Task<HttpResponseMessage> SendBasicAsync(string path, string id, string secret, object json) =>
        app.SendAsync(null, HttpMethod.Post, path, Cancellation, json: json, headers: headers =>
            headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{secret}"))));

    private async Task<Dictionary<string, JsonElement>?> MetricAsync(Guid sensor, double value)
    {
        var dashboard = await app.GetJsonAsync("viewer", NorthDashboard + TestCampus.NorthGround, Cancellation);
        var shown = dashboard.GetProperty("sensors").EnumerateArray().Single(s => s.GetProperty("sensor_id").GetGuid() == sensor);
        return shown.GetProperty("metrics").TryGetProperty("temperature", out var metric) && metric.GetProperty("value").GetDouble() == value
            ? metric.EnumerateObject().ToDictionary(p => p.Name, p => p.Value)
            : null;
    }
}
