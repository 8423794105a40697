using BuildingMgmt.Simulator.DemoBuilding;

namespace BuildingMgmt.Simulator.Tests.DemoBuilding;

/// <summary>The demo building through 2026, read every hour, once for all tests of a class.</summary>
public sealed class SimulatedYear
{
    public SimulatedYear()
    {
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var model = new BuildingModel(seed: 7, start.AddDays(-3), TimeSpan.FromSeconds(120));
        var sensors = DemoSensors.Create();
        var zone = TimeZoneInfo.FindSystemTimeZoneById(BuildingPlan.TimeZone);
        for (var hour = 0; hour < 365 * 24; hour++)
        {
            model.AdvanceTo(start.AddHours(hour));
            Hours.Add(new HourOfYear(
                TimeZoneInfo.ConvertTime(model.Time, zone),
                model.Weather,
                [.. model.Floors.SelectMany(floor => floor.Zones, (_, climate) => new ZoneHour(
                    climate.Plan, climate.TemperatureC, climate.RelativeHumidityPercent, climate.Co2Ppm, climate.People,
                    climate.LightLux, climate.HeatingSetpointC, climate.PowerWatts))]));
            foreach (var sensor in sensors)
            {
                foreach (var point in sensor.Points)
                {
                    var value = point.Read(model);
                    if (!(value >= point.PlausibleMin && value <= point.PlausibleMax))
                        Implausible.Add($"{model.Time:O} {sensor.Floor} {sensor.Name} {point.Metric} = {value}");
                }
            }
        }
    }

    internal List<HourOfYear> Hours { get; } = [];

    internal List<string> Implausible { get; } = [];
}

internal sealed record HourOfYear(DateTimeOffset Local, WeatherSample Weather, IReadOnlyList<ZoneHour> Zones)
{
    public bool IsWorkingDay => WorkingCalendar.IsWorkingDay(DateOnly.FromDateTime(Local.DateTime));
}

internal sealed record ZoneHour(
    ZonePlan Plan, double TemperatureC, double Humidity, double Co2, int People, double Light, double HeatingSetpointC, double PowerWatts);
