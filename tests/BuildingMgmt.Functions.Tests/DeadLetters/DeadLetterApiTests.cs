using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.DeadLetters;

[Collection(AppTests.Name)]
public sealed class DeadLetterApiTests(RunningApp app)
{
    private const string Path = "/api/ops/dead-letters";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Letter_of_a_sensor_installed_since_is_seen_replayed_and_on_the_dashboard()
    {
        var sensor = Guid.NewGuid();
        var reading = new { sensor_id = sensor, timestamp = TimeProvider.System.GetUtcNow().AddSeconds(-1), data = new { temperature = 21.25 } };
        using var posted = await app.SendAsync("gateway-north", HttpMethod.Post, "/api/sensors/data", Token, json: reading);
        var batchId = (await posted.Content.ReadFromJsonAsync<JsonElement>(Token)).GetProperty("batch_id").GetString();
        var id = await Eventually.ValueAsync(
            async () => (await ListAsync("engineer-north", "?gateway_id=gateway-north&reason=unknown%20sensor&status=open"))
                .Where(row => row.GetProperty("batch_id").GetString() == batchId)
                .Select(row => row.GetProperty("dead_letter_id").ToString())
                .SingleOrDefault(),
            TimeSpan.FromSeconds(30),
            "the dead letter is listed",
            Token);

        var letter = await app.GetJsonAsync("engineer-north", $"{Path}/{id}", Token);
        Assert.Equal(sensor, JsonDocument.Parse(letter.GetProperty("content_text").GetString()!).RootElement.GetProperty("sensor_id").GetGuid());
        Assert.Equal(letter.GetProperty("content_text").GetString(), Encoding.UTF8.GetString(letter.GetProperty("content_base64").GetBytesFromBase64()));
        Assert.Equal(TestCampus.North, letter.GetProperty("dead_letter").GetProperty("building_id").GetGuid());

        await CatalogueImport.ImportAsync(
            app.Database,
            new BuildingSpec(TestCampus.North, "North", "Europe/Amsterdam", [new FloorSpec(
                TestCampus.NorthEmpty, "Empty", [new SensorSpec(sensor, $"late {sensor}", "climate", null, [new PointSpec("temperature", "°C", null, null, 60)])])], []),
            Token);
        try
        {
            var replayed = await PostAsync("engineer-north", $"{Path}/{id}/replay", null);
            Assert.Equal("replayed engineer-north", $"{replayed.GetProperty("dead_letter").GetProperty("status")} {replayed.GetProperty("dead_letter").GetProperty("replayed_by")}");
            Assert.Equal((1, 0, 0), Counts(replayed));
            Assert.Equal((0, 0, 0), Counts(await PostAsync("engineer-north", $"{Path}/{id}/replay", null)));

            var floor = await app.GetJsonAsync("viewer", $"/api/dashboard/floor/{TestCampus.NorthEmpty}", Token);
            Assert.Contains(floor.GetProperty("sensors").EnumerateArray(), row => row.GetProperty("sensor_id").GetGuid() == sensor);
        }
        finally
        {
            // Others of this app count its sensors.
            await app.Database.ExecuteAsync(
                $"""
                DELETE FROM reading USING point WHERE point.point_id = reading.point_id AND point.sensor_id = '{sensor}';
                DELETE FROM point WHERE sensor_id = '{sensor}';
                DELETE FROM sensor WHERE sensor_id = '{sensor}'
                """,
                Token);
        }
    }

    [Fact]
    public async Task Letters_are_seen_by_the_engineers_of_the_gateways_building_and_those_of_nobody_by_the_engineers_of_all()
    {
        var reason = $"made up {Guid.NewGuid()}";
        var north = await AddAsync("gateway-north", reason, [1]);
        var south = await AddAsync("gateway-south", reason, [2]);
        var nobodys = await AddAsync(null, reason, [0xFF]);

        var query = $"?reason={Uri.EscapeDataString(reason)}";
        Assert.Equal([north], await IdsAsync("engineer-north", query));
        Assert.Equal([nobodys, south, north], await IdsAsync("engineer", query));
        Assert.Equal([nobodys], await IdsAsync("engineer", query + "&gateway_id=(unknown)"));
        foreach (var foreign in new[] { south, nobodys })
        {
            using var get = await app.SendAsync("engineer-north", HttpMethod.Get, $"{Path}/{foreign}", Token);
            await ProblemAssert.IsAsync(get, HttpStatusCode.NotFound);
            using var replay = await app.SendAsync("engineer-north", HttpMethod.Post, $"{Path}/{foreign}/replay", Token);
            await ProblemAssert.IsAsync(replay, HttpStatusCode.NotFound);
        }

        var letter = await app.GetJsonAsync("engineer", $"{Path}/{nobodys}", Token);
        Assert.Equal(JsonValueKind.Null, letter.GetProperty("content_text").ValueKind);
        Assert.Equal((byte[])[0xFF], letter.GetProperty("content_base64").GetBytesFromBase64());

        var many = await PostAsync("engineer-north", $"{Path}/replay", new { reason });
        Assert.Equal("1 0 1 0", $"{many.GetProperty("letters")} {many.GetProperty("replayed")} {many.GetProperty("still_bad")} {many.GetProperty("left")}");
        Assert.Equal(JsonValueKind.Null, many.GetProperty("next_cursor").ValueKind);
    }

    [Fact]
    public async Task List_comes_in_pages_and_by_the_time_of_the_event()
    {
        var reason = $"made up {Guid.NewGuid()}";
        var ids = new List<long>();
        for (var number = 0; number < 5; number++)
            ids.Insert(0, await AddAsync("gateway-north", reason, [1], $"2026-01-01T00:00:0{number}Z"));
        var query = $"?reason={Uri.EscapeDataString(reason)}&from=2026-01-01T00:00:01Z&to=2026-01-01T01:00:04%2B01:00";

        var first = await app.GetJsonAsync("engineer", Path + query + "&limit=2", Token);
        Assert.Equal(ids[1..3], Ids(first));
        var second = await app.GetJsonAsync("engineer", $"{Path}{query}&limit=2&cursor={first.GetProperty("next_cursor")}", Token);
        Assert.Equal(ids[3..4], Ids(second));
        Assert.Equal(JsonValueKind.Null, second.GetProperty("next_cursor").ValueKind);
    }

    [Theory]
    [InlineData("?since=1", "since")]
    [InlineData("?status=gone", "status")]
    [InlineData("?from=yesterday", "from")]
    [InlineData("?to=2026-01-01T00:00:00", "to")]
    [InlineData("?limit=0", "limit")]
    [InlineData("?cursor=nonsense", "cursor")]
    [InlineData("?reason=", "reason")]
    public async Task Bad_parameter_is_named(string query, string parameter)
    {
        using var response = await app.SendAsync("engineer", HttpMethod.Get, Path + query, Token);
        await ProblemAssert.IsAsync(response, HttpStatusCode.BadRequest, parameter);
    }

    [Theory]
    [InlineData("""{"since":"1"}""", "since")]
    [InlineData("""{"reason":5}""", "reason")]
    [InlineData("""{"from":"yesterday"}""", "from")]
    [InlineData("""{"cursor":"x"}""", "cursor")]
    [InlineData("""{"gateway_id":""}""", "gateway_id")]
    [InlineData("[]", "body")]
    public async Task Bad_member_of_a_replays_body_is_named(string body, string parameter)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await app.SendAsync("engineer", HttpMethod.Post, $"{Path}/replay", Token, json: content);
        await ProblemAssert.IsAsync(response, HttpStatusCode.BadRequest, parameter);
    }

    [Theory]
    [InlineData("GET", "")]
    [InlineData("GET", "/1")]
    [InlineData("POST", "/1/replay")]
    [InlineData("POST", "/replay")]
    public async Task Dead_letters_are_the_engineers(string method, string path)
    {
        using var response = await app.SendAsync("operator", new HttpMethod(method), Path + path, Token, json: method == "POST" ? new { } : null);
        await ProblemAssert.IsAsync(response, HttpStatusCode.Forbidden);
    }

    private static (int Stored, int Duplicate, int StillBad) Counts(JsonElement replayed) => (
        replayed.GetProperty("stored").GetInt32(), replayed.GetProperty("duplicate").GetInt32(), replayed.GetProperty("still_bad").GetInt32());

    private static List<long> Ids(JsonElement page) =>
        [.. page.GetProperty("items").EnumerateArray().Select(row => row.GetProperty("dead_letter_id").GetInt64())];

    private async Task<List<JsonElement>> ListAsync(string caller, string query) =>
        [.. (await app.GetJsonAsync(caller, Path + query, Token)).GetProperty("items").EnumerateArray()];

    private async Task<List<long>> IdsAsync(string caller, string query) => Ids(await app.GetJsonAsync(caller, Path + query, Token));

    private async Task<JsonElement> PostAsync(string caller, string path, object? body)
    {
        using var response = await app.SendAsync(caller, HttpMethod.Post, path, Token, json: body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>(Token);
    }

    private async Task<long> AddAsync(string? gatewayId, string reason, byte[] content, string enqueuedAt = "2026-01-01T00:00:00Z")
    {
        await using var command = app.Database.CreateCommand("""
            INSERT INTO dead_letter (hub, partition_id, sequence_number, enqueued_at, gateway_id, reason, detail, readings, content, is_whole)
            VALUES ('hub', '0', 0, $1::text::timestamptz, $2, $3, 'made up', 1, $4, true)
            RETURNING dead_letter_id
            """);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = enqueuedAt });
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)gatewayId ?? DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = reason });
        command.Parameters.Add(new NpgsqlParameter<byte[]> { TypedValue = content });
        return (long)(await command.ExecuteScalarAsync(Token))!;
    }
}
