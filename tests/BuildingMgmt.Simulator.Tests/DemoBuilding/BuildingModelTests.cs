using BuildingMgmt.Simulator.DemoBuilding;

namespace BuildingMgmt.Simulator.Tests.DemoBuilding;

public sealed class BuildingModelTests(SimulatedYear year) : IClassFixture<SimulatedYear>
{
    [Fact]
    public void Every_point_stays_plausible_through_a_year() => Assert.Empty(year.Implausible.Take(20));

    [Fact]
    public void Outside_it_is_a_Dutch_year()
    {
        Assert.InRange(Outside(1), 0, 7);
        Assert.InRange(Outside(7), 15, 21);
        Assert.InRange(year.Hours.Min(hour => hour.Weather.TemperatureC), -15, 0);
        Assert.InRange(year.Hours.Max(hour => hour.Weather.TemperatureC), 24, 38);
        // De Bilt gets about 1,000 kWh/m² in a year.
        Assert.InRange(year.Hours.Sum(hour => hour.Weather.LevelWattsPerM2) / 1000, 800, 1300);
        Assert.InRange(year.Hours.Average(hour => hour.Weather.RelativeHumidityPercent), 65, 90);
    }

    [Fact]
    public void Offices_are_comfortable_while_people_are_in()
    {
        var occupied = Offices().Where(zone => zone.Zone.People > 0 && zone.Hour.IsWorkingDay && zone.Hour.Local.Hour is >= 9 and < 17).ToArray();
        Assert.InRange(occupied.Count(zone => zone.Zone.TemperatureC is > 19 and < 26) / (double)occupied.Length, 0.95, 1);
        Assert.InRange(occupied.Average(zone => zone.Zone.Co2), 550, 950);
        Assert.InRange(occupied.Max(zone => zone.Zone.Co2), 800, 1800);
        Assert.InRange(occupied.Average(zone => zone.Zone.Humidity), 25, 60);
    }

    [Fact]
    public void Carbon_dioxide_rises_with_people_and_is_gone_by_morning()
    {
        var winter = Offices().Where(zone => zone.Hour.Local.Month is 11 or 12 or 1 or 2 && zone.Zone.Plan.Desks >= 10).ToArray();
        var busy = winter.Where(zone => zone.Zone.People >= 8).Average(zone => zone.Zone.Co2);
        var quiet = winter.Where(zone => zone.Zone.People is > 0 and <= 3 && zone.Hour.Local.Hour is >= 9 and < 17).Average(zone => zone.Zone.Co2);
        var mondayMorning = winter.Where(zone => zone.Hour.Local is { DayOfWeek: DayOfWeek.Monday, Hour: 6 }).Average(zone => zone.Zone.Co2);
        Assert.True(busy > quiet + 60, $"busy {busy:f0}, quiet {quiet:f0}");
        Assert.InRange(mondayMorning, 420, 500);
    }

    [Fact]
    public void Heating_is_set_back_at_night_and_at_weekends_and_rooms_cool_down()
    {
        var january = Offices().Where(zone => zone.Hour.Local.Month == 1).ToArray();
        Assert.All(january.Where(zone => zone.Hour.Local.Hour is < 5 or >= 19), zone => Assert.Equal(16, zone.Zone.HeatingSetpointC));
        Assert.All(
            january.Where(zone => zone.Hour.IsWorkingDay && zone.Hour.Local.Hour is >= 8 and < 18),
            zone => Assert.InRange(zone.Zone.HeatingSetpointC, 20, 22));

        var friday = january.Where(zone => zone.Hour.Local is { DayOfWeek: DayOfWeek.Friday, Hour: 15 }).Average(zone => zone.Zone.TemperatureC);
        var sunday = january.Where(zone => zone.Hour.Local is { DayOfWeek: DayOfWeek.Sunday, Hour: 23 }).Average(zone => zone.Zone.TemperatureC);
        Assert.True(sunday < friday - 1.5, $"Friday {friday:f1}, Sunday {sunday:f1}");
    }

    [Fact]
    public void Zones_differ_from_each_other()
    {
        var noon = year.Hours.First(hour => hour is { IsWorkingDay: true, Local: { Month: 3, Hour: 14 } });
        Assert.True(noon.Zones.Select(zone => Math.Round(zone.TemperatureC, 1)).Distinct().Count() >= 10);
        Assert.True(noon.Zones.Select(zone => Math.Round(zone.Co2)).Distinct().Count() >= 16);

        // On clear mornings the sun is in the east, on clear afternoons in the west.
        var clear = year.Hours.Where(hour => hour.Weather.CloudCover < 0.3 && hour.Local.Month is >= 4 and <= 9).ToArray();
        Assert.True(MeanLight(clear, 8, "Office east") > MeanLight(clear, 8, "Office west"));
        Assert.True(MeanLight(clear, 18, "Office west") > MeanLight(clear, 18, "Office east"));
    }

    [Fact]
    public void People_come_on_working_days_and_stay_away_at_night()
    {
        var zones = year.Hours.Select(hour => (Hour: hour, People: hour.Zones.Sum(zone => zone.People))).ToArray();
        Assert.All(zones.Where(hour => hour.Hour.Local.Hour is < 5 or >= 23), hour => Assert.Equal(0, hour.People));
        Assert.InRange(zones.Where(hour => hour.Hour.IsWorkingDay && hour.Hour.Local.Hour == 11).Average(hour => hour.People), 50, 110);
        Assert.InRange(zones.Where(hour => !hour.Hour.IsWorkingDay && hour.Hour.Local.Hour == 11).Average(hour => hour.People), 0.1, 6);
        // The rule is in local time: the hour of arrival does not move when summer time begins.
        Assert.InRange(Morning(3) / Morning(4), 0.75, 1.3);

        double Morning(int month) =>
            zones.Where(hour => hour.Hour.IsWorkingDay && hour.Hour.Local.Month == month && hour.Hour.Local.Hour == 9).Average(hour => hour.People);
    }

    [Fact]
    public void Electricity_follows_the_day()
    {
        double Mean(int hour) => year.Hours.Where(h => h.IsWorkingDay && h.Local.Hour == hour).Average(h => h.Zones.Sum(zone => zone.PowerWatts));
        Assert.True(Mean(11) > 1.8 * Mean(3), $"{Mean(11):f0} W by day, {Mean(3):f0} W by night");
    }

    private static double MeanLight(IEnumerable<HourOfYear> hours, int localHour, string zone) =>
        hours.Where(hour => hour.Local.Hour == localHour).Average(hour => hour.Zones.First(z => z.Plan.Name == zone).Light);

    private IEnumerable<(HourOfYear Hour, ZoneHour Zone)> Offices() =>
        year.Hours.SelectMany(hour => hour.Zones.Where(zone => zone.Plan.Use == ZoneUse.Office), (hour, zone) => (hour, zone));

    private double Outside(int month) => year.Hours.Where(hour => hour.Local.Month == month).Average(hour => hour.Weather.TemperatureC);
}
