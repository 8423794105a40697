using System.Text;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Ingest;
using FsCheck.Xunit;

namespace BuildingMgmt.Functions.Tests.Ingest;

public sealed class ReadingOrderTests
{
    private static readonly CatalogueSnapshot Catalogue = TestBuilding.Snapshot();

    [Property(MaxTest = 500)]
    public void Arranged_readings_leave_what_one_after_the_other_would(int seed)
    {
        var random = new Random(seed);
        var slice = new EventSlice();
        var events = Enumerable.Range(0, random.Next(1, 8)).Select(number => Event(random, number)).ToArray();
        Assert.Equal(events.Length, slice.Fill(events, 0, Catalogue, TestBuilding.Now, new IngestOptions()));
        var skipped = events.Select(_ => random.Next(4) == 0).ToArray();

        var expected = new Dictionary<(int Point, long Time), double>();
        var kept = 0;
        foreach (var reading in slice.Readings.Where(reading => !skipped[reading.EventIndex]))
        {
            kept++;
            var key = (reading.PointId, reading.TimeMicroseconds);
            if (slice.Events[reading.EventIndex].Correction || !expected.ContainsKey(key))
                expected[key] = reading.Value;
        }

        var order = new ReadingOrder();
        order.Arrange(slice, skipped);
        var stored = order.Ordinary.Concat(order.Corrections).Select(place => slice.Readings[place]).ToArray();
        Assert.Equal(
            expected.OrderBy(pair => pair.Key),
            stored.Select(reading => KeyValuePair.Create((reading.PointId, reading.TimeMicroseconds), reading.Value)).OrderBy(pair => pair.Key));
        Assert.Equal(kept, stored.Length + order.Twins.Count);
        AssertSorted(order.Ordinary, slice);
        AssertSorted(order.Corrections, slice);
        Assert.Equal(
            expected.GroupBy(pair => pair.Key.Point).Select(point => point.MaxBy(pair => pair.Key.Time)).OrderBy(pair => pair.Key),
            order.Newest.Select(place => slice.Readings[place])
                .Select(reading => KeyValuePair.Create((reading.PointId, reading.TimeMicroseconds), reading.Value)));
    }

    private static IncomingEvent Event(Random random, int number)
    {
        var readings = Enumerable.Range(0, random.Next(12)).Select(_ =>
            Batch.Co2(random.Next(3), $"11:00:{random.Next(6):00}", random.Next(1_000_000))).ToArray();
        var body = random.Next(3) == 0 ? Batch.Correcting(readings) : Batch.Of(readings);
        return new IncomingEvent(Encoding.UTF8.GetBytes(body), null, number, TestBuilding.Now);
    }

    private static void AssertSorted(List<int> places, EventSlice slice)
    {
        var keys = places.Select(place => (slice.Readings[place].PointId, slice.Readings[place].TimeMicroseconds)).ToArray();
        Assert.Equal(keys.Order(), keys);
    }
}
