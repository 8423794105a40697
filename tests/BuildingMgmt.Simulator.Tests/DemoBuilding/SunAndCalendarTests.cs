using System.Globalization;
using BuildingMgmt.Simulator.DemoBuilding;

namespace BuildingMgmt.Simulator.Tests.DemoBuilding;

public sealed class SunAndCalendarTests
{
    // Amsterdam, from the definition: 90° - latitude ± the obliquity at noon of the solstices, due south at solar noon.
    [Theory]
    [InlineData("2026-06-21T11:42:00Z", 61.1, 180)]
    [InlineData("2026-12-21T11:38:30Z", 14.2, 180)]
    [InlineData("2026-03-20T11:47:30Z", 37.6, 180)]
    [InlineData("2026-09-23T05:32:00Z", 0, 90)]
    public void Sun_stands_where_it_should(string time, double elevation, double azimuth)
    {
        var sun = Sun.At(DateTimeOffset.Parse(time, CultureInfo.InvariantCulture), 52.37, 4.90);
        Assert.InRange(sun.ElevationDegrees, elevation - 1, elevation + 1);
        Assert.InRange(sun.AzimuthDegrees, azimuth - 1.5, azimuth + 1.5);
    }

    [Fact]
    public void Midday_sun_falls_on_the_south_wall_only()
    {
        var sun = Sun.At(new DateTimeOffset(2026, 3, 20, 11, 47, 30, TimeSpan.Zero), 52.37, 4.90);
        Assert.InRange(sun.OnWall(180), 0.7, 0.85);
        Assert.Equal(0, sun.OnWall(0), 6);
        Assert.InRange(sun.OnWall(90), 0, 0.02);
    }

    [Theory]
    [InlineData("2026-04-06")] // Easter Monday
    [InlineData("2026-05-14")] // Ascension
    [InlineData("2026-05-25")] // Whit Monday
    [InlineData("2025-04-21")] // Easter Monday
    [InlineData("2025-04-26")] // King's Day, moved from a Sunday
    [InlineData("2026-12-25")]
    public void Dutch_holidays_are_no_working_days(string day) =>
        Assert.True(WorkingCalendar.IsHoliday(DateOnly.Parse(day, CultureInfo.InvariantCulture)));

    [Fact]
    public void An_ordinary_Tuesday_is_a_working_day() => Assert.True(WorkingCalendar.IsWorkingDay(new DateOnly(2026, 11, 24)));
}
