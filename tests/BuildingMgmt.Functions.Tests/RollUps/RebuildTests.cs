using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.RollUps;

/// <summary>Rebuilds as they are asked for, run by the app's orchestrations.</summary>
[Collection(AppTests.Name)]
public sealed class RebuildTests(RunningApp app)
{
    private const string Path = "/api/ops/roll-ups/rebuild";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Rebuild_finds_what_nobody_recorded_and_the_next_one_finds_nothing()
    {
        // Stored past ingest: nothing says that these have to be rolled up. 200 days, so that the orchestration begins anew on its way.
        await ExecuteAsync($"""
            SELECT create_reading_partition(month) FROM generate_series('2025-01-01'::timestamptz, '2025-08-01', interval '1 month') AS month;
            INSERT INTO reading (point_id, time, value, quality)
            SELECT point_id, time, 20, 0
            FROM point CROSS JOIN generate_series('2025-01-02T10:30Z'::timestamptz, '2025-07-20T10:30Z', interval '33 days') AS time
            WHERE sensor_id = '{TestCampus.Sensor(TestCampus.NorthGround, 0)}'
            """);
        var request = new { building_id = TestCampus.North, from = "2025-01-01", to = "2025-07-31" };

        var first = await RebuildAsync("engineer-north", request);
        Assert.Equal("completed", first.GetProperty("status").GetString());
        Assert.Equal(212, first.GetProperty("days_done").GetInt32());
        Assert.Equal(212, first.GetProperty("days_total").GetInt32());
        // Seven hours and seven days of two points.
        Assert.Equal(28, first.GetProperty("differences").GetInt64());
        Assert.NotEqual(0, first.GetProperty("buckets_compared").GetInt64());
        Assert.Equal(TestCampus.North, first.GetProperty("building_id").GetGuid());

        var second = await RebuildAsync("engineer-north", request);
        Assert.Equal(0, second.GetProperty("differences").GetInt64());
        Assert.Equal(first.GetProperty("buckets_compared").GetInt64(), second.GetProperty("buckets_compared").GetInt64());
    }

    [Fact]
    public async Task Administrator_rebuilds_all_buildings()
    {
        var status = await RebuildAsync("admin", new { from = "2020-02-01", to = "2020-02-02" });
        Assert.Equal("completed", status.GetProperty("status").GetString());
        Assert.Equal(4, status.GetProperty("days_total").GetInt32());
        Assert.Equal(JsonValueKind.Null, status.GetProperty("building_id").ValueKind);
    }

    [Fact]
    public async Task Rebuild_of_all_buildings_is_for_administrators_of_all()
    {
        foreach (var caller in new[] { "engineer", "engineer-north" })
        {
            using var response = await app.SendAsync(caller, HttpMethod.Post, Path, Cancellation, new { from = "2020-02-01", to = "2020-02-02" });
            await ProblemAssert.IsAsync(response, HttpStatusCode.Forbidden, "building_id");
        }
    }

    [Fact]
    public async Task Foreign_building_and_its_rebuild_look_like_ones_that_do_not_exist()
    {
        var request = new { building_id = TestCampus.South, from = "2020-02-01", to = "2020-02-01" };
        using var refused = await app.SendAsync("engineer-north", HttpMethod.Post, Path, Cancellation, request);
        await ProblemAssert.IsAsync(refused, HttpStatusCode.NotFound);
        using var accepted = await app.SendAsync("engineer", HttpMethod.Post, Path, Cancellation, request);
        using var foreign = await app.SendAsync("engineer-north", HttpMethod.Get, accepted.Headers.Location!.ToString(), Cancellation);
        await ProblemAssert.IsAsync(foreign, HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("7", "2026-03-01", "2026-03-02", "building_id")]
    [InlineData(null, "2026-03-01T00:00:00Z", "2026-03-02", "from")]
    [InlineData(null, "1969-12-31", "1970-01-02", "from")]
    [InlineData(null, "2026-03-02", "2026-03-01", "from")]
    [InlineData(null, "2026-03-02", "2026-02-30", "to")]
    [InlineData(null, "2010-01-01", "2026-01-01", "to")]
    public async Task Bad_value_is_400_that_names_it(string? buildingId, string from, string to, string parameter)
    {
        using var response = await app.SendAsync("admin", HttpMethod.Post, Path, Cancellation, new { building_id = buildingId, from, to });
        await ProblemAssert.IsAsync(response, HttpStatusCode.BadRequest, parameter);
    }

    [Theory]
    [InlineData("""{"from":"2026-03-01"}""")]
    [InlineData("""{"from":"2026-03-01","to":null}""")]
    [InlineData("""{"from":"2026-03-01","to":"2026-03-01","days":3}""")]
    [InlineData("[]")]
    public async Task Body_of_another_shape_is_400(string body)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using var response = await app.SendAsync("admin", HttpMethod.Post, Path, Cancellation, content);
        await ProblemAssert.IsAsync(response, HttpStatusCode.BadRequest);
    }

    private async Task<JsonElement> RebuildAsync(string caller, object request)
    {
        using var accepted = await app.SendAsync(caller, HttpMethod.Post, Path, Cancellation, request);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        var body = await accepted.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        var location = accepted.Headers.Location!.ToString();
        Assert.Equal($"{Path}/{body.GetProperty("rebuild_id").GetString()}", location);
        var status = default(JsonElement);
        await Eventually.TrueAsync(
            async () =>
            {
                status = await app.GetJsonAsync(caller, location, Cancellation);
                return status.GetProperty("status").GetString() is "completed" or "failed";
            },
            TimeSpan.FromSeconds(120),
            "the rebuild has ended",
            Cancellation);
        return status;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = app.Database.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(Cancellation);
    }
}
