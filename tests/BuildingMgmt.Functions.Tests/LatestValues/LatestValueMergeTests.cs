using System.Runtime.InteropServices;
using BuildingMgmt.Functions.LatestValues;
using FsCheck.Xunit;

namespace BuildingMgmt.Functions.Tests.LatestValues;

public sealed class LatestValueMergeTests
{
    [Property(MaxTest = 500)]
    public void Merged_values_are_the_newest_of_each_point_whatever_the_order(int seed)
    {
        var random = new Random(seed);
        var (first, second) = (Some(random), Some(random));
        var expected = first.Concat(second).GroupBy(value => value.PointId).ToDictionary(group => group.Key, group => group.Max(value => value.TimeMicroseconds));
        foreach (var (current, update) in new[] { (first, second), (second, first) })
        {
            var (merged, disputed) = (new List<LatestValue>(), new List<int>());
            LatestValueMerge.Merge(FloorLatestValues.Pack([.. current]), CollectionsMarshal.AsSpan(update), merged, disputed);
            Assert.Equal(expected.OrderBy(pair => pair.Key), merged.Select(value => KeyValuePair.Create(value.PointId, value.TimeMicroseconds)));
            Assert.Equal(
                first.Join(second, value => value.PointId, value => value.PointId, (a, b) => (a, b))
                    .Where(pair => pair.a.TimeMicroseconds == pair.b.TimeMicroseconds && pair.a != pair.b).Select(pair => pair.a.PointId),
                disputed);
        }
    }

    [Fact]
    public void Sorting_keeps_the_newest_of_each_point_and_names_what_two_say_differently()
    {
        List<LatestValue> updates = [Value(2, 5, 1), Value(1, 7, 1), Value(2, 6, 2), Value(1, 7, 2), Value(3, 1, 1), Value(3, 1, 1)];
        var disputed = new List<int>();
        LatestValueMerge.Sort(updates, disputed);
        Assert.Equal([(1, 7L), (2, 6L), (3, 1L)], updates.Select(value => (value.PointId, value.TimeMicroseconds)));
        Assert.Equal([1], disputed);
    }

    [Fact]
    public void Decision_of_postgresql_replaces_the_same_time_and_older_never_newer()
    {
        List<LatestValue> merged = [Value(1, 5, 1), Value(2, 5, 1), Value(3, 5, 1)];
        var changed = LatestValueMerge.Settle(merged, [Value(1, 5, 9), Value(2, 4, 9), Value(3, 6, 9), Value(4, 1, 9)]);
        Assert.Equal(2, changed);
        Assert.Equal([Value(1, 5, 9), Value(2, 5, 1), Value(3, 6, 9)], merged);
    }

    private static List<LatestValue> Some(Random random) => [.. Enumerable.Range(1, 12)
        .Where(_ => random.Next(2) == 0)
        .Select(point => Value(point, random.Next(4), random.Next(3)))];

    private static LatestValue Value(int pointId, long time, double value) => new(pointId, time, value, ReadingQuality.Good);
}
