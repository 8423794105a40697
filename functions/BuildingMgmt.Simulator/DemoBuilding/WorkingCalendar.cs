namespace BuildingMgmt.Simulator.DemoBuilding;

/// <summary>The days on which a Dutch office works.</summary>
internal static class WorkingCalendar
{
    public static bool IsWorkingDay(DateOnly day) =>
        day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday) && !IsHoliday(day);

    public static bool IsHoliday(DateOnly day)
    {
        if ((day.Month, day.Day) is (1, 1) or (12, 25) or (12, 26))
            return true;
        if (day == KingsDay(day.Year))
            return true;
        // Easter Monday, Ascension Day (Thursday) and Whit Monday. Sundays are no working days anyway.
        return (day.DayNumber - Easter(day.Year).DayNumber) is 1 or 39 or 50;
    }

    /// <summary>27 April, or the day before when that is a Sunday.</summary>
    private static DateOnly KingsDay(int year)
    {
        var day = new DateOnly(year, 4, 27);
        return day.DayOfWeek == DayOfWeek.Sunday ? day.AddDays(-1) : day;
    }

    // The anonymous Gregorian computus (Nature, 20 April 1876).
    private static DateOnly Easter(int year)
    {
        var century = year / 100;
        var golden = year % 19;
        var epact = ((19 * golden) + century - (century / 4) - ((century - ((century + 8) / 25) + 1) / 3) + 15) % 30;
        var weekday = (32 + (2 * (century % 4)) + (2 * (year % 100 / 4)) - epact - (year % 4)) % 7;
        var correction = (golden + (11 * epact) + (22 * weekday)) / 451;
        var days = epact + weekday - (7 * correction) + 114;
        return new DateOnly(year, days / 31, (days % 31) + 1);
    }
}
