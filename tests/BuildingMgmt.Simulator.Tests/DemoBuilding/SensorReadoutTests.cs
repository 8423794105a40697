using BuildingMgmt.Database;
using BuildingMgmt.Simulator.DemoBuilding;

namespace BuildingMgmt.Simulator.Tests.DemoBuilding;

public sealed class SensorReadoutTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 10, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Same_seed_gives_the_same_readings_and_another_seed_others()
    {
        var readings = Read(seed: 3, Start.AddHours(-2));
        Assert.Equal(readings, Read(seed: 3, Start.AddHours(-2)));
        Assert.NotEqual(readings, Read(seed: 4, Start.AddHours(-2)));
    }

    [Fact]
    public void A_simulator_started_later_goes_on_with_nearly_the_same_values()
    {
        // Rooms forget how they began: two days of warm-up from different states end in the same one.
        var early = Read(seed: 3, Start.AddHours(-72));
        var late = Read(seed: 3, Start.AddHours(-48));
        Assert.Equal(early.Count, late.Count);
        foreach (var (one, other) in early.Zip(late))
        {
            Assert.Equal((one.Reading.SensorId, one.Reading.Timestamp), (other.Reading.SensorId, other.Reading.Timestamp));
            if (one.Reading.Metric == "temperature")
                Assert.InRange(one.Reading.Value - other.Reading.Value, -0.5, 0.5);
        }
    }

    [Fact]
    public void Every_sensor_reports_once_in_its_interval()
    {
        var sensors = DemoSensors.Create();
        var counts = Read(seed: 1, Start.AddHours(-1)).CountBy(reading => (reading.Reading.SensorId, reading.Reading.Metric)).ToDictionary();
        foreach (var sensor in sensors)
        {
            Assert.InRange(sensor.IntervalSeconds, 10, 60);
            foreach (var point in sensor.Points)
                Assert.Equal(120 / sensor.IntervalSeconds, counts[(sensor.SensorId, point.Metric)]);
        }
    }

    [Fact]
    public void Values_are_shown_with_the_digits_of_the_device() =>
        Assert.All(
            Read(seed: 1, Start.AddHours(-1)).Where(reading => reading.Reading.Metric == "co2"),
            reading => Assert.Equal(Math.Round(reading.Reading.Value), reading.Reading.Value));

    [Fact]
    public void The_catalogue_names_every_sensor_and_one_floor_has_about_a_hundred()
    {
        var building = DemoSensors.Specification([new GatewaySpec("gateway", "secret")]);
        Assert.Equal(4, building.Floors.Count);
        Assert.All(building.Floors, floor => Assert.Equal(8, floor.Sensors.Select(sensor => sensor.Zone).Where(zone => zone is not null).Distinct().Count()));
        Assert.Equal(245, building.Floors.Sum(floor => floor.Sensors.Count));
        Assert.InRange(building.Floors.Max(floor => floor.Sensors.Count), 90, 110);
        Assert.All(building.Floors, floor => Assert.Equal(floor.Sensors.Count, floor.Sensors.Select(sensor => sensor.Name).Distinct().Count()));

        var points = building.Floors.SelectMany(floor => floor.Sensors)
            .SelectMany(sensor => sensor.Points, (sensor, point) => (sensor.SensorId, point.Metric)).ToHashSet();
        Assert.All(Read(seed: 1, Start.AddHours(-1)), reading => Assert.Contains((reading.Reading.SensorId, reading.Reading.Metric), points));
    }

    private static List<FloorReading> Read(int seed, DateTimeOffset modelStart)
    {
        var model = new BuildingModel(seed, modelStart, TimeSpan.FromSeconds(60));
        return [.. new SensorReadout(seed, model, DemoSensors.Create()).Read(Start, Start.AddSeconds(120))];
    }
}
