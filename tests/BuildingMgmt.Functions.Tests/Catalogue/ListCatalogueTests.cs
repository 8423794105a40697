using System.Net;
using System.Text.Json;
using BuildingMgmt.Functions.Tests.Api;

namespace BuildingMgmt.Functions.Tests.Catalogue;

[Collection(AppTests.Name)]
public class ListCatalogueTests(RunningApp app)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Building_floor_and_sensor_are_shown_whole()
    {
        var building = await app.GetJsonAsync("viewer", $"/api/buildings/{TestCampus.North}", Cancellation);
        Assert.Equal("North", building.GetProperty("name").GetString());
        Assert.Equal("Europe/Amsterdam", building.GetProperty("time_zone").GetString());
        Assert.Equal(JsonValueKind.Null, building.GetProperty("raw_retention_days").ValueKind);

        var floor = await app.GetJsonAsync("viewer", $"/api/floors/{TestCampus.NorthGround}", Cancellation);
        Assert.Equal(TestCampus.North, floor.GetProperty("building_id").GetGuid());
        Assert.Equal("Ground", floor.GetProperty("name").GetString());

        var sensor = await app.GetJsonAsync("viewer", $"/api/sensors/{TestCampus.Sensor(TestCampus.NorthGround, 1)}", Cancellation);
        Assert.Equal("Sensor 01", sensor.GetProperty("name").GetString());
        Assert.Equal("Zone 1", sensor.GetProperty("zone").GetString());
        Assert.Equal("meter", sensor.GetProperty("type").GetString());
        Assert.Equal("active", sensor.GetProperty("status").GetString());
        Assert.Equal(TestCampus.North, sensor.GetProperty("building_id").GetGuid());
        Assert.Equal(TestCampus.NorthGround, sensor.GetProperty("floor_id").GetGuid());
        Assert.Equal(
            """[{"metric":"humidity","unit":"%","plausible_min":0,"plausible_max":100,"interval_seconds":60,"reporting":"interval"},{"metric":"temperature","unit":"\u00B0C","plausible_min":-20,"plausible_max":50,"interval_seconds":60,"reporting":"interval"}]""",
            sensor.GetProperty("points").GetRawText());
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public async Task Pages_together_hold_every_row_once_and_in_order(int limit)
    {
        var names = new List<string>();
        var ids = new HashSet<Guid>();
        string? cursor = null;
        do
        {
            var page = await app.GetJsonAsync("viewer", $"/api/sensors?limit={limit}&building_id={TestCampus.North}{(cursor is null ? "" : $"&cursor={cursor}")}", Cancellation);
            var items = page.GetProperty("items").EnumerateArray().ToList();
            Assert.InRange(items.Count, 1, limit);
            names.AddRange(items.Select(item => item.GetProperty("name").GetString()!));
            Assert.All(items, item => Assert.True(ids.Add(item.GetProperty("sensor_id").GetGuid())));
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);

        Assert.Equal(TestCampus.FloorSensors + 2, ids.Count);
        Assert.Equal(names.Order(StringComparer.Ordinal), names);
    }

    [Fact]
    public async Task Page_goes_on_behind_a_row_that_has_gone_meanwhile()
    {
        await app.Database.ExecuteAsync(
            """
            INSERT INTO building (building_id, name, time_zone)
            SELECT gen_random_uuid(), 'Passing ' || n, 'UTC' FROM generate_series(1, 3) n
            """,
            Cancellation);
        try
        {
            var first = await app.GetJsonAsync("viewer", "/api/buildings?limit=2", Cancellation);
            Assert.Equal(["North", "Passing 1"], Names(first));
            await app.Database.ExecuteAsync("DELETE FROM building WHERE name = 'Passing 1'", Cancellation);
            var second = await app.GetJsonAsync("viewer", $"/api/buildings?limit=2&cursor={first.GetProperty("next_cursor").GetString()}", Cancellation);
            Assert.Equal(["Passing 2", "Passing 3"], Names(second));
        }
        finally
        {
            await app.Database.ExecuteAsync("DELETE FROM building WHERE name LIKE 'Passing %'", CancellationToken.None);
        }
    }

    [Theory]
    [InlineData("building_id={south}", 3)]
    [InlineData("floor_id={northGround}", TestCampus.FloorSensors)]
    [InlineData("floor_id={northGround}&type=climate", 13)]
    [InlineData("floor_id={northGround}&zone=Zone 2", 8)]
    [InlineData("floor_id={northGround}&zone=Zone 2&type=meter", 4)]
    [InlineData("floor_id={northGround}&status=active", TestCampus.FloorSensors)]
    [InlineData("floor_id={northGround}&status=maintenance", 0)]
    [InlineData("building_id={south}&floor_id={northGround}", 0)]
    public async Task Filters_leave_out_what_does_not_match(string filter, int count)
    {
        var query = filter
            .Replace("{south}", TestCampus.South.ToString(), StringComparison.Ordinal)
            .Replace("{northGround}", TestCampus.NorthGround.ToString(), StringComparison.Ordinal);
        var page = await app.GetJsonAsync("viewer", $"/api/sensors?{query}", Cancellation);
        Assert.Equal(count, page.GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Floors_are_filtered_by_building()
    {
        var page = await app.GetJsonAsync("viewer", $"/api/floors?building_id={TestCampus.North}", Cancellation);
        Assert.Equal(["Empty", "Ground"], Names(page));
    }

    [Fact]
    public async Task Cursor_of_another_list_of_the_same_order_is_just_a_place_and_shows_nothing_foreign()
    {
        var page = await app.GetJsonAsync("viewer", "/api/buildings?limit=1", Cancellation);
        var cursor = page.GetProperty("next_cursor").GetString();
        using var response = await app.SendAsync("viewer-north", HttpMethod.Get, $"/api/buildings?cursor={cursor}", Cancellation);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.DoesNotContain("South", await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    private static IEnumerable<string?> Names(JsonElement page) => page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("name").GetString());
}
