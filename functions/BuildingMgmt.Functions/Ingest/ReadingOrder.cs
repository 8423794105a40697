using System.Runtime.InteropServices;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>
/// Puts a slice's readings into the order of the primary key, so that the index is filled leaf by leaf, and settles twins:
/// readings of the same point and time, of which PostgreSQL must be given one. Reused; not for two threads at once.
/// </summary>
internal sealed class ReadingOrder
{
    private readonly List<ulong> keys = [];

    /// <summary>Places of readings that are stored unless there is one already, by point and time.</summary>
    public List<int> Ordinary { get; } = [];

    /// <summary>Places of readings that replace the stored one, by point and time.</summary>
    public List<int> Corrections { get; } = [];

    /// <summary>Places of readings that a twin in the same slice made superfluous.</summary>
    public List<int> Twins { get; } = [];

    /// <summary>Place of each point's newest reading.</summary>
    public List<int> Newest { get; } = [];

    /// <param name="isSkipped">Says of each event whether it was stored before; its readings are left out.</param>
    public void Arrange(EventSlice slice, ReadOnlySpan<bool> isSkipped)
    {
        Ordinary.Clear();
        Corrections.Clear();
        Twins.Clear();
        Newest.Clear();
        keys.Clear();

        // Point and place of arrival in one number: sorting numbers is several times faster than sorting by a comparison,
        // and arrival is the order of time already, but for late readings.
        var readings = CollectionsMarshal.AsSpan(slice.Readings);
        for (var place = 0; place < readings.Length; place++)
        {
            if (!isSkipped[readings[place].EventIndex])
                keys.Add(((ulong)readings[place].PointId << 32) | (uint)place);
        }

        keys.Sort();
        var sorted = CollectionsMarshal.AsSpan(keys);
        for (var first = 0; first < sorted.Length;)
        {
            var point = Point(sorted[first]);
            var end = first + 1;
            var inOrder = true;
            for (; end < sorted.Length && Point(sorted[end]) == point; end++)
                inOrder &= readings[Place(sorted[end - 1])].TimeMicroseconds < readings[Place(sorted[end])].TimeMicroseconds;
            var group = sorted[first..end];
            if (!inOrder)
                SortByTime(group, slice);
            AddPoint(group, readings, slice.Events);
            first = end;
        }
    }

    private static void SortByTime(Span<ulong> group, EventSlice slice) => group.Sort((left, right) =>
    {
        var byTime = slice.Readings[Place(left)].TimeMicroseconds.CompareTo(slice.Readings[Place(right)].TimeMicroseconds);
        return byTime != 0 ? byTime : left.CompareTo(right);
    });

    private void AddPoint(ReadOnlySpan<ulong> group, ReadOnlySpan<DecodedReading> readings, List<SliceEvent> events)
    {
        var stored = 0;
        for (var index = 0; index < group.Length;)
        {
            stored = Place(group[index]);
            var corrects = events[readings[stored].EventIndex].Correction;
            // Of twins the first to arrive is stored, as when they come in two batches; the newest correction comes before all.
            for (index++; index < group.Length && readings[Place(group[index])].TimeMicroseconds == readings[stored].TimeMicroseconds; index++)
            {
                var twin = Place(group[index]);
                var twinCorrects = events[readings[twin].EventIndex].Correction;
                Twins.Add(twinCorrects ? stored : twin);
                stored = twinCorrects ? twin : stored;
                corrects |= twinCorrects;
            }

            (corrects ? Corrections : Ordinary).Add(stored);
        }

        Newest.Add(stored);
    }

    private static int Point(ulong key) => (int)(key >> 32);

    private static int Place(ulong key) => (int)(uint)key;
}
