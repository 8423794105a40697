using System.Text.Json;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Dashboards;
using BuildingMgmt.Functions.LatestValues;

namespace BuildingMgmt.Functions.Tests.Dashboards;

public sealed class FloorRenderTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 29, 1, 0, 0, TimeSpan.Zero);
    private static readonly CatalogueBuilding House = new(Guid.NewGuid(), "House", "Europe/Amsterdam", null);

    private readonly CatalogueFloor floor = new(Guid.NewGuid(), "Ground", House);

    [Fact]
    public void Floor_is_shown_as_the_contract_says()
    {
        var sensor = AddSensor("Hall \"1\"", SensorStatus.Active, 1, "temperature");
        var time = Now.AddSeconds(-30.5);
        var body = Render(Value(1, time, 21.25, ReadingQuality.Good));
        Assert.Equal(
            $$$$"""{"floor_id":"{{{{floor.FloorId}}}}","as_of":"2026-03-29T00:59:29.5Z","sensors":[{"sensor_id":"{{{{sensor.SensorId}}}}","name":"Hall \"1\"","type":"climate","zone":"Lobby","metrics":{"temperature":{"value":21.25,"unit":"°C","timestamp":"2026-03-29T00:59:29.5Z","quality":"good","stale":false}}}]}""",
            body.GetRawText());
    }

    [Theory]
    [InlineData(180, false)]
    [InlineData(180.001, true)]
    [InlineData(-200, false)]
    public void Value_is_stale_when_it_is_older_than_three_intervals(double ageSeconds, bool stale)
    {
        AddSensor("Hall", SensorStatus.Active, 1, "temperature");
        var body = Render(Value(1, Now.AddSeconds(-ageSeconds), 1, ReadingQuality.Good));
        Assert.Equal(stale, Metric(body, "temperature").GetProperty("stale").GetBoolean());
    }

    [Theory]
    [InlineData(ReadingQuality.Good, "good")]
    [InlineData(ReadingQuality.Uncertain, "uncertain")]
    [InlineData(ReadingQuality.Bad, "bad")]
    [InlineData(ReadingQuality.Suspect, "suspect")]
    public void Quality_is_named(ReadingQuality quality, string name)
    {
        AddSensor("Hall", SensorStatus.Active, 1, "temperature");
        Assert.Equal(name, Metric(Render(Value(1, Now, 1, quality)), "temperature").GetProperty("quality").GetString());
    }

    [Fact]
    public void Sensor_that_is_not_active_is_left_out_and_does_not_move_as_of()
    {
        AddSensor("Hall", SensorStatus.Active, 1, "temperature");
        AddSensor("Old", SensorStatus.Inactive, 2, "temperature");
        AddSensor("Broken", SensorStatus.Maintenance, 3, "temperature");
        var body = Render(Value(1, Now.AddMinutes(-1), 1, ReadingQuality.Good), Value(2, Now, 1, ReadingQuality.Good), Value(3, Now, 1, ReadingQuality.Good));
        Assert.Equal("Hall", Assert.Single(body.GetProperty("sensors").EnumerateArray()).GetProperty("name").GetString());
        Assert.Equal(Now.AddMinutes(-1), body.GetProperty("as_of").GetDateTimeOffset());
    }

    [Fact]
    public void Point_that_was_never_read_has_no_metric_and_a_floor_without_values_no_as_of()
    {
        AddSensor("Hall", SensorStatus.Active, 1, "temperature");
        var body = Render();
        Assert.Equal("{}", body.GetProperty("sensors")[0].GetProperty("metrics").GetRawText());
        Assert.Equal(JsonValueKind.Null, body.GetProperty("as_of").ValueKind);
    }

    [Fact]
    public void Content_depends_on_the_time_only_where_a_value_becomes_stale()
    {
        AddSensor("Hall", SensorStatus.Active, 1, "temperature");
        var values = FloorLatestValues.Pack([Value(1, Now, 1, ReadingQuality.Good)]);
        var fresh = FloorDashboard.Render(floor, values, Now, 3);
        Assert.Equal(fresh, FloorDashboard.Render(floor, values, Now.AddSeconds(180), 3));
        Assert.NotEqual(fresh, FloorDashboard.Render(floor, values, Now.AddSeconds(181), 3));
    }

    private static LatestValue Value(int pointId, DateTimeOffset time, double value, ReadingQuality quality) =>
        new(pointId, (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond, value, quality);

    private static JsonElement Metric(JsonElement body, string metric) => body.GetProperty("sensors")[0].GetProperty("metrics").GetProperty(metric);

    private JsonElement Render(params LatestValue[] values) =>
        JsonDocument.Parse(FloorDashboard.Render(floor, FloorLatestValues.Pack(values), Now, 3)).RootElement;

    private CatalogueSensor AddSensor(string name, SensorStatus status, int pointId, string metric)
    {
        var sensor = new CatalogueSensor(Guid.NewGuid(), name, "climate", status, new CatalogueZone(Guid.NewGuid(), "Lobby"), 0);
        sensor.AddPoints([new CataloguePoint(
            pointId, sensor, new PointKind(new MetricName(metric), "°C", double.NegativeInfinity, double.PositiveInfinity, 60))]);
        floor.Sensors = [.. floor.Sensors, sensor];
        return sensor;
    }
}
