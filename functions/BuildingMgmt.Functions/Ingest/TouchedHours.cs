using System.Runtime.InteropServices;
using BuildingMgmt.Functions.Postgres;
using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>
/// Records which points got a reading, or another one, in which hours (UTC): what has to be rolled up. Points are told as ranges of
/// ids that may hold others as well.
/// </summary>
internal static class TouchedHours
{
    // Rolling up a point in vain costs less than a range of its own in the record.
    private const int GapMax = 16;

    private const long HourMicroseconds = 3_600_000_000;

    private const string InsertSql = """
        INSERT INTO reading_change (hour, points, cause)
        SELECT hour, range_agg(int4range(first, last, '[]')), CASE WHEN is_correction THEN 'correction' ELSE 'late' END
        FROM unnest($1, $2, $3, $4) AS given (hour, first, last, is_correction)
        GROUP BY hour, is_correction
        """;

    /// <summary>Records the slice's readings but those that changed nothing; null when none did.</summary>
    public static NpgsqlBatchCommand? InsertCommand(EventSlice slice, ReadingOrder order, StoredSlice result)
    {
        var ranges = new List<TouchedRange>();
        var unchanged = result.Conflicts.Count > 0 ? result.Conflicts.ToHashSet() : null;
        Add(ranges, isCorrection: false, order.Ordinary, unchanged, slice);
        Add(ranges, isCorrection: true, order.Corrections, unchanged, slice);
        if (ranges.Count == 0)
            return null;
        return Command(
            InsertSql,
            Many(ranges, range => PostgresTime.FromMicroseconds(range.Hour * HourMicroseconds)),
            Many(ranges, range => range.First),
            Many(ranges, range => range.Last),
            Many(ranges, range => range.IsCorrection));
    }

    // Places come by point and time: an hour's newest range is the only one that can grow.
    private static void Add(
        List<TouchedRange> ranges, bool isCorrection, List<int> places, HashSet<int>? unchanged, EventSlice slice)
    {
        var newest = new Dictionary<long, int>();
        var readings = CollectionsMarshal.AsSpan(slice.Readings);
        var (seenPoint, seenHour) = (-1, long.MinValue);
        foreach (var place in CollectionsMarshal.AsSpan(places))
        {
            if (unchanged is not null && unchanged.Contains(place))
                continue;
            ref readonly var reading = ref readings[place];
            // Since 1970: none is negative.
            var hour = reading.TimeMicroseconds / HourMicroseconds;
            if (reading.PointId == seenPoint && hour == seenHour)
                continue;
            (seenPoint, seenHour) = (reading.PointId, hour);
            var pointId = reading.PointId;
            if (newest.TryGetValue(hour, out var index) && pointId - ranges[index].Last <= GapMax)
            {
                ranges[index] = ranges[index] with { Last = pointId };
                continue;
            }

            newest[hour] = ranges.Count;
            ranges.Add(new TouchedRange(hour, pointId, pointId, isCorrection));
        }
    }

    /// <param name="Hour">Hours since 1970.</param>
    /// <param name="First">Id of the first point.</param>
    /// <param name="Last">Id of the last one.</param>
    private readonly record struct TouchedRange(long Hour, int First, int Last, bool IsCorrection);
}
