namespace BuildingMgmt.Functions.LatestValues;

/// <summary>Brings values of a floor together: of each point the one with the newest timestamp of its own, never of arrival.</summary>
internal static class LatestValueMerge
{
    /// <summary>Merges two sets of values.</summary>
    /// <param name="update">Sorted by point id, each point once.</param>
    /// <param name="merged">Cleared and filled: sorted by point id.</param>
    /// <param name="disputed">
    /// Points that have the same timestamp and another value on either side are added; what is stored in PostgreSQL decides. Until
    /// then the value of <paramref name="current"/> stands.
    /// </param>
    /// <returns>How many points of <paramref name="current"/> were replaced by a newer value or added.</returns>
    public static int Merge(
        FloorLatestValues current, ReadOnlySpan<LatestValue> update, List<LatestValue> merged, List<int> disputed)
    {
        merged.Clear();
        var changed = 0;
        var next = 0;
        for (var index = 0; index < current.Count; index++)
        {
            var value = current[index];
            for (; next < update.Length && update[next].PointId < value.PointId; next++, changed++)
                merged.Add(update[next]);
            if (next < update.Length && update[next].PointId == value.PointId)
            {
                var other = update[next++];
                if (other.TimeMicroseconds > value.TimeMicroseconds)
                {
                    value = other;
                    changed++;
                }
                else if (other.TimeMicroseconds == value.TimeMicroseconds && other != value)
                {
                    disputed.Add(value.PointId);
                }
            }

            merged.Add(value);
        }

        for (; next < update.Length; next++, changed++)
            merged.Add(update[next]);
        return changed;
    }

    /// <summary>Puts values that PostgreSQL has decided on in the place of those with the same timestamp, or older.</summary>
    /// <param name="merged">Sorted by point id.</param>
    /// <returns>How many changed.</returns>
    public static int Settle(List<LatestValue> merged, List<LatestValue> decided)
    {
        var changed = 0;
        foreach (var value in decided)
        {
            var index = merged.BinarySearch(value, ByPoint.Instance);
            if (index >= 0 && value.TimeMicroseconds >= merged[index].TimeMicroseconds && merged[index] != value)
            {
                merged[index] = value;
                changed++;
            }
        }

        return changed;
    }

    /// <summary>Sorts updates by point id and keeps of each point the newest.</summary>
    /// <param name="disputed">Points with two different values of the same, newest timestamp are added.</param>
    public static void Sort(List<LatestValue> updates, List<int> disputed)
    {
        updates.Sort((x, y) => (x.PointId, x.TimeMicroseconds).CompareTo((y.PointId, y.TimeMicroseconds)));
        var kept = 0;
        for (var index = 0; index < updates.Count; index++)
        {
            var value = updates[index];
            if (kept == 0 || updates[kept - 1].PointId != value.PointId)
                kept++;
            else if (updates[kept - 1].TimeMicroseconds == value.TimeMicroseconds && updates[kept - 1] != value)
                disputed.Add(value.PointId);
            updates[kept - 1] = value;
        }

        updates.RemoveRange(kept, updates.Count - kept);
    }

    /// <summary>Order of point ids.</summary>
    internal sealed class ByPoint : IComparer<LatestValue>
    {
        public static readonly ByPoint Instance = new();

        public int Compare(LatestValue x, LatestValue y) => x.PointId.CompareTo(y.PointId);
    }
}
