using System.Runtime.InteropServices;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.LatestValues;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Writes the latest values that a stored slice brought.</summary>
internal sealed class SliceLatestValues(NewestReadings newestReadings, LatestValueWriter writer)
{
    /// <param name="order">As it was stored.</param>
    public async Task WriteAsync(
        EventSlice slice, ReadingOrder order, StoredSlice result, CatalogueSnapshot snapshot, CancellationToken cancellationToken) =>
        await writer.WriteAsync(await LatestAsync(slice, order, result, cancellationToken), snapshot, cancellationToken);

    // What arrived is the latest value if it was stored. Where PostgreSQL had another reading already, and for events that
    // were stored by an earlier attempt, PostgreSQL is asked.
    private async Task<List<LatestValue>> LatestAsync(
        EventSlice slice, ReadingOrder order, StoredSlice result, CancellationToken cancellationToken)
    {
        var unsure = UnsurePoints(slice, result);
        var latest = new List<LatestValue>(order.Newest.Count);
        foreach (var place in CollectionsMarshal.AsSpan(order.Newest))
        {
            var reading = slice.Readings[place];
            if (unsure is null || !unsure.Contains(reading.PointId))
            {
                latest.Add(new LatestValue(reading.PointId, reading.TimeMicroseconds, reading.Value, reading.Quality));
            }
        }

        if (unsure is not null)
        {
            latest.AddRange(await newestReadings.ReadAsync([.. unsure], cancellationToken));
        }

        return latest;
    }

    private static HashSet<int>? UnsurePoints(EventSlice slice, StoredSlice result)
    {
        if (result.SkippedEvents == 0 && result.Conflicts.Count == 0)
            return null;
        var points = new HashSet<int>();
        foreach (var place in CollectionsMarshal.AsSpan(result.Conflicts))
            points.Add(slice.Readings[place].PointId);
        if (result.SkippedEvents > 0)
        {
            foreach (ref readonly var reading in CollectionsMarshal.AsSpan(slice.Readings))
            {
                if (result.IsSkipped[reading.EventIndex])
                    points.Add(reading.PointId);
            }
        }

        return points;
    }
}
