using System.Net;
using System.Text.Json;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.Gateways;

[Collection(AppTests.Name)]
public sealed class ListGatewaysTests(RunningApp app)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Gateway_that_posts_is_seen_with_its_ledger_of_today()
    {
        var before = await SentAsync();
        var reading = new { sensor_id = TestCampus.Sensor(TestCampus.NorthGround, 20), timestamp = TimeProvider.System.GetUtcNow(), data = new { temperature = 20.5 } };
        using var posted = await app.SendAsync("gateway-north", HttpMethod.Post, "/api/sensors/data", Token, json: reading);
        Assert.Equal(HttpStatusCode.Accepted, posted.StatusCode);
        // Around midnight the ledger of today begins anew.
        await Eventually.TrueAsync(
            async () => await SentAsync() is { } sent && (sent > before || sent == 1), TimeSpan.FromSeconds(30), "the reading is in the ledger", Token);

        var gateway = await GatewayAsync("viewer-north");
        Assert.Equal(TestCampus.North, gateway.GetProperty("building_id").GetGuid());
        Assert.True(gateway.GetProperty("is_active").GetBoolean());
        Assert.False(gateway.GetProperty("is_silent").GetBoolean());
        Assert.InRange((TimeProvider.System.GetUtcNow() - gateway.GetProperty("last_seen").GetDateTimeOffset()).TotalMinutes, -1, 1);

        var ledger = await app.GetJsonAsync("viewer-north", "/api/ops/gateways/gateway-north/ledger", Token);
        Assert.NotEqual(0, ledger.GetProperty("days").GetArrayLength());
        Assert.Equal(0, ledger.GetProperty("gaps").GetArrayLength());
    }

    [Fact]
    public async Task Gateways_of_foreign_buildings_are_not_there()
    {
        var mine = await app.GetJsonAsync("viewer-north", "/api/ops/gateways", Token);
        Assert.DoesNotContain(mine.GetProperty("items").EnumerateArray(), row => row.GetProperty("gateway_id").GetString() == "gateway-south");
        using var foreign = await app.SendAsync("viewer-north", HttpMethod.Get, "/api/ops/gateways/gateway-south/ledger", Token);
        await ProblemAssert.IsAsync(foreign, HttpStatusCode.NotFound);

        var first = await app.GetJsonAsync("viewer", $"/api/ops/gateways?limit=1&silent=false&building_id={TestCampus.South}", Token);
        Assert.Equal("gateway-south", Assert.Single(first.GetProperty("items").EnumerateArray()).GetProperty("gateway_id").GetString());
    }

    [Fact]
    public async Task List_comes_in_pages()
    {
        var all = await app.GetJsonAsync("viewer", "/api/ops/gateways", Token);
        var first = await app.GetJsonAsync("viewer", "/api/ops/gateways?limit=1", Token);
        var second = await app.GetJsonAsync("viewer", $"/api/ops/gateways?limit=1&cursor={first.GetProperty("next_cursor")}", Token);
        Assert.Equal(
            all.GetProperty("items").EnumerateArray().Take(2).Select(row => row.GetProperty("gateway_id").GetString()),
            new[] { first, second }.Select(page => page.GetProperty("items")[0].GetProperty("gateway_id").GetString()));
    }

    [Theory]
    [InlineData("/api/ops/gateways?silent=yes", "silent")]
    [InlineData("/api/ops/gateways?active=true", "active")]
    [InlineData("/api/ops/gateways/gateway-north/ledger?from=2026-13-01", "from")]
    [InlineData("/api/ops/gateways/gateway-north/ledger?from=2026-02-01&to=2026-01-31", "from")]
    [InlineData("/api/ops/gateways/gateway-north/ledger?from=2024-01-01&to=2026-01-01", "from")]
    [InlineData("/api/ops/gateways/gateway-north/ledger?to=today", "to")]
    public async Task Bad_parameter_is_named(string path, string parameter)
    {
        using var response = await app.SendAsync("viewer", HttpMethod.Get, path, Token);
        await ProblemAssert.IsAsync(response, HttpStatusCode.BadRequest, parameter);
    }

    private async Task<JsonElement> GatewayAsync(string caller) =>
        (await app.GetJsonAsync(caller, "/api/ops/gateways", Token)).GetProperty("items").EnumerateArray()
            .Single(row => row.GetProperty("gateway_id").GetString() == "gateway-north");

    private async Task<long> SentAsync() => (await GatewayAsync("viewer")).GetProperty("today").GetProperty("sent").GetInt64();
}
