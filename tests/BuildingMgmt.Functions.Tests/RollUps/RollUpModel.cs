namespace BuildingMgmt.Functions.Tests.RollUps;

internal readonly record struct ModelReading(DateTime Time, double Value, int Quality)
{
    public bool IsCounted => Quality < 2;
}

internal sealed record ModelPoint(int PointId, string TimeZone, int IntervalSeconds, bool IsOnChange, IReadOnlyList<ModelReading> Readings)
{
    public TimeSpan Holds => TimeSpan.FromSeconds(Math.Min(3L * IntervalSeconds, 86_400));
}

/// <summary>A bucket of an hour or a day, as it should be or as it is stored.</summary>
internal sealed record ModelBucket(
    int PointId,
    string Bucket,
    string Day,
    int Count,
    int Uncounted,
    int LengthSeconds,
    int? WorstQuality,
    double? Average,
    double? Min,
    double? Max,
    double? Sum,
    double? First,
    double? Last,
    double? WeightSeconds)
{
    public IEnumerable<double?> Values => [Average, Min, Max, Sum, First, Last, WeightSeconds];
}

/// <summary>What roll-ups should be, slowly: by .NET's time zones, minute by minute, and from the readings alone.</summary>
internal static class RollUpModel
{
    /// <summary>The buckets that were over by a time.</summary>
    public static List<ModelBucket> Hours(ModelPoint point, DateTime overBy) =>
        [.. Spans(point).Where(span => span.End <= overBy).Select(span => Bucket(point, [span])).OfType<ModelBucket>()];

    /// <summary>The days, as far as their buckets were over by a time.</summary>
    public static List<ModelBucket> Days(ModelPoint point, DateTime overBy)
    {
        var days = Spans(point).GroupBy(span => span.Day).Select(hours => hours.ToArray());
        return [.. days.Select(hours =>
            Bucket(point, [.. hours.Where(hour => hour.End <= overBy)]) is { } day
                ? day with { Bucket = day.Day, LengthSeconds = hours.Sum(hour => hour.Seconds) }
                : null).OfType<ModelBucket>()];
    }

    private static ModelBucket? Bucket(ModelPoint point, Span[] spans)
    {
        var own = point.Readings.Where(reading => spans.Any(span => span.Contains(reading.Time))).OrderBy(reading => reading.Time).ToArray();
        var counted = own.Where(reading => reading.IsCounted).Select(reading => reading.Value).ToArray();
        var held = point.IsOnChange ? Held(point, spans) : [];
        var weight = held.Sum(part => part.Seconds);
        if (own.Length == 0 && weight == 0)
            return null;
        return new ModelBucket(
            point.PointId,
            spans[0].Bucket.ToString("s"),
            spans[0].Day.ToString("yyyy-MM-dd"),
            counted.Length,
            own.Length - counted.Length,
            spans.Sum(span => span.Seconds),
            own.Length == 0 ? null : own.Select(reading => reading.Quality).MaxBy(quality => quality switch { 2 => 3, 3 => 2, _ => quality }),
            point.IsOnChange
                ? (weight == 0 ? null : held.Sum(part => part.Value * part.Seconds) / weight)
                : (counted.Length == 0 ? null : counted.Average()),
            counted.Length == 0 ? null : counted.Min(),
            counted.Length == 0 ? null : counted.Max(),
            counted.Length == 0 ? null : counted.Sum(),
            counted.Length == 0 ? null : counted[0],
            counted.Length == 0 ? null : counted[^1],
            weight == 0 ? null : weight);
    }

    private static List<(double Value, double Seconds)> Held(ModelPoint point, Span[] spans)
    {
        var counted = point.Readings.Where(reading => reading.IsCounted).OrderBy(reading => reading.Time).ToArray();
        var parts = new List<(double, double)>();
        for (var index = 0; index < counted.Length; index++)
        {
            var until = counted[index].Time + point.Holds;
            if (index + 1 < counted.Length && counted[index + 1].Time < until)
                until = counted[index + 1].Time;
            foreach (var span in spans)
            {
                var seconds = (Earlier(until, span.End) - Later(counted[index].Time, span.Start)).TotalSeconds;
                if (seconds > 0)
                    parts.Add((counted[index].Value, seconds));
            }
        }

        return parts;
    }

    private static List<Span> Spans(ModelPoint point)
    {
        var spans = new List<Span>();
        if (point.Readings.Count == 0)
            return spans;
        var zone = TimeZoneInfo.FindSystemTimeZoneById(point.TimeZone);
        // Days before and behind, so that the first and the last day are whole.
        var minute = point.Readings.Min(reading => reading.Time).Date.AddDays(-3);
        var end = point.Readings.Max(reading => reading.Time).Date.AddDays(5);
        for (; minute < end; minute = minute.AddMinutes(1))
        {
            var offset = zone.GetUtcOffset(minute);
            var local = minute + offset;
            var bucket = new DateTime(local.Year, local.Month, local.Day, local.Hour, 0, 0, DateTimeKind.Utc) - offset;
            if (spans.Count > 0 && spans[^1].Bucket == bucket)
                spans[^1] = spans[^1] with { End = minute.AddMinutes(1) };
            else
                spans.Add(new Span(bucket, minute, minute.AddMinutes(1), DateOnly.FromDateTime(local)));
        }

        return spans;
    }

    private static DateTime Earlier(DateTime left, DateTime right) => left < right ? left : right;

    private static DateTime Later(DateTime left, DateTime right) => left > right ? left : right;

    private sealed record Span(DateTime Bucket, DateTime Start, DateTime End, DateOnly Day)
    {
        public int Seconds => (int)(End - Start).TotalSeconds;

        public bool Contains(DateTime time) => time >= Start && time < End;
    }
}
