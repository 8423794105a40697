namespace BuildingMgmt.Simulator.DemoBuilding;

/// <summary>
/// Who is where: every person has a desk, comes and goes, eats and meets, in the building's own time.
/// A person's day follows from seed and date alone.
/// </summary>
internal sealed class People
{
    private const int Away = -1;

    private readonly ulong _seed;
    private readonly TimeZoneInfo _timeZone;
    private readonly Person[] _people;
    private readonly int _zoneCount;
    private readonly int _canteen;
    private DateOnly _day;
    private PersonDay[] _days = [];

    public People(int seed, TimeZoneInfo timeZone, IReadOnlyList<FloorPlan> floors)
    {
        _seed = SmoothNoise.Seed(seed, "people");
        _timeZone = timeZone;
        var people = new List<Person>();
        var zone = 0;
        foreach (var floor in floors)
        {
            var first = zone;
            var meetingRooms = floor.Zones.Index().Where(z => z.Item.Use == ZoneUse.Meeting).Select(z => first + z.Index).ToArray();
            foreach (var plan in floor.Zones)
            {
                if (plan.Use == ZoneUse.Canteen)
                    _canteen = zone;
                for (var desk = 0; desk < plan.Desks; desk++)
                    people.Add(new Person(zone, meetingRooms));
                zone++;
            }
        }

        _people = [.. people];
        _zoneCount = zone;
    }

    /// <summary>How many are in the building at most.</summary>
    public int Count => _people.Length;

    /// <summary>Counts the people of each zone, in the order of the plan.</summary>
    /// <param name="time">The moment.</param>
    /// <param name="counts">One entry for each zone; overwritten.</param>
    public void CountByZone(DateTimeOffset time, Span<int> counts)
    {
        counts[.._zoneCount].Clear();
        var local = TimeZoneInfo.ConvertTime(time, _timeZone);
        PlanDay(DateOnly.FromDateTime(local.DateTime));
        var minute = local.TimeOfDay.TotalMinutes;
        for (var person = 0; person < _days.Length; person++)
        {
            var zone = _days[person].ZoneAt(minute);
            if (zone != Away)
                counts[zone]++;
        }
    }

    private void PlanDay(DateOnly day)
    {
        if (day == _day)
            return;
        _day = day;
        _days = new PersonDay[_people.Length];
        var attendance = Attendance(day);
        for (var person = 0; person < _people.Length; person++)
            _days[person] = PlanDay(_people[person], SmoothNoise.Seed((int)(uint)person, "person"), day, attendance);
    }

    /// <summary>Tuesdays and Thursdays are full, Fridays are quiet, a weekend sees a few.</summary>
    private static double Attendance(DateOnly day)
    {
        if (WorkingCalendar.IsHoliday(day))
            return 0.01;
        var weekday = day.DayOfWeek switch
        {
            DayOfWeek.Saturday => 0.03,
            DayOfWeek.Sunday => 0.01,
            DayOfWeek.Tuesday or DayOfWeek.Thursday => 0.82,
            DayOfWeek.Friday => 0.45,
            _ => 0.68,
        };
        var onLeave = day is { Month: 7, Day: > 14 } or { Month: 8, Day: < 22 } or { Month: 12, Day: > 23 };
        return onLeave ? weekday * 0.55 : weekday;
    }

    private PersonDay PlanDay(Person person, ulong who, DateOnly day, double attendance)
    {
        var seed = SmoothNoise.Seed((int)(uint)day.DayNumber, "day") ^ _seed ^ who;
        if (SmoothNoise.Uniform(seed, 0) >= attendance)
            return PersonDay.Absent;

        var arrive = 525 + (35 * SmoothNoise.Normal(seed, 1));
        var leave = Math.Max(arrive + 120, 1035 + (45 * SmoothNoise.Normal(seed, 2)));
        var lunch = 735 + (14 * SmoothNoise.Normal(seed, 3));
        var lunchMinutes = 25 + (20 * SmoothNoise.Uniform(seed, 4));
        var lunchZone = SmoothNoise.Uniform(seed, 5) < 0.6 ? _canteen : SmoothNoise.Uniform(seed, 5) < 0.85 ? Away : person.Zone;

        var meetings = new List<Stay>();
        var room = person.MeetingRooms.Length == 0
            ? person.Zone
            : person.MeetingRooms[(int)(SmoothNoise.Uniform(seed, 6) * person.MeetingRooms.Length)];
        // Meetings begin on the half hour and are spread so that a room holds a handful at a time.
        var meetingCount = (int)(3 * SmoothNoise.Uniform(seed, 7));
        for (var meeting = 0; meeting < meetingCount; meeting++)
        {
            var start = 540 + (30 * (int)(15 * SmoothNoise.Uniform(seed, 8 + (ulong)meeting)));
            meetings.Add(new Stay(start, start + (SmoothNoise.Uniform(seed, 12 + (ulong)meeting) < 0.6 ? 30 : 60), room));
        }

        return new PersonDay(person.Zone, arrive, leave, new Stay(lunch, lunch + lunchMinutes, lunchZone), meetings);
    }

    private sealed record Person(int Zone, int[] MeetingRooms);

    private sealed record Stay(double FromMinute, double ToMinute, int Zone)
    {
        public bool Covers(double minute) => minute >= FromMinute && minute < ToMinute;
    }

    private sealed record PersonDay(int Zone, double Arrive, double Leave, Stay Lunch, IReadOnlyList<Stay> Meetings)
    {
        public static PersonDay Absent { get; } = new(Away, 0, 0, new Stay(0, 0, Away), []);

        public int ZoneAt(double minute)
        {
            if (minute < Arrive || minute >= Leave)
                return Away;
            if (Lunch.Covers(minute))
                return Lunch.Zone;
            foreach (var meeting in Meetings)
            {
                if (meeting.Covers(minute))
                    return meeting.Zone;
            }

            return Zone;
        }
    }
}
