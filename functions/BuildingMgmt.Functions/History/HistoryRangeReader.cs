using System.Globalization;
using BuildingMgmt.Functions.Api;

namespace BuildingMgmt.Functions.History;

/// <summary>
/// Reads <c>from</c> and <c>to</c>: moments, or days of the building, the whole of which is meant. Without <c>to</c> it is now, without
/// <c>from</c> a day earlier.
/// </summary>
internal static class HistoryRangeReader
{
    private const int DaysMax = 366;

    // Whoever asks for another time has made a mistake; and a day more or less than these is a date still.
    private static readonly DateTime Earliest = new(1900, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime Latest = new(2900, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    /// <exception cref="ProblemException">400, naming the parameter.</exception>
    public static HistoryRange Read(QueryReader query, BuildingClock clock, DateTime now)
    {
        var to = Limit(query, "to", day => clock.StartOf(day.AddDays(1))) ?? now;
        var from = Limit(query, "from", clock.StartOf) ?? to.AddDays(-1);
        if (from >= to)
        {
            throw Bad(
                "from", $"Parameter \"from\" ({from:O}) is not before \"to\" ({to:O}).",
                "Swap them, or leave \"to\" out to read up to now.");
        }

        // 366 days of the building may have an hour more than 366 times 24.
        if ((to - from).TotalDays > DaysMax && (clock.LocalOf(to) - clock.LocalOf(from)).TotalDays > DaysMax)
        {
            throw Bad(
                "from", $"From \"from\" ({from:O}) to \"to\" ({to:O}) it is more than {DaysMax} days.",
                "Ask for a year at a time.");
        }

        return new HistoryRange(from, to, clock);
    }

    private static DateTime? Limit(QueryReader query, string name, Func<DateOnly, DateTime> ofDay)
    {
        if (query.Given(name) is not { } value)
            return null;
        var isDay = DateOnly.TryParseExact(value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day);
        var moment = isDay ? day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc) : QueryReader.ParseMoment(name, value);
        if (moment < Earliest || moment > Latest)
        {
            throw Bad(
                name, $"Parameter \"{name}\" ({QueryReader.Quote(value)}) is not between the years {Earliest.Year} and {Latest.Year}.",
                "Write it as 2026-01-31T12:00:00Z, or as 2026-01-31 for the building's day.");
        }

        return isDay ? ofDay(day) : moment;
    }

    private static ProblemException Bad(string name, string detail, string hint) => new(Problem.BadValue(name, detail, hint));
}
