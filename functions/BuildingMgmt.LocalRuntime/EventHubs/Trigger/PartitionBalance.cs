namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>Decides which partition an instance should take next, so that all instances end with equal shares.</summary>
internal static class PartitionBalance
{
    /// <summary>One step; more follow until it gives null.</summary>
    /// <param name="partitions">All partitions of the hub.</param>
    /// <param name="active">Ownership that has neither expired nor been given up.</param>
    /// <param name="self">This instance, which counts even while it owns nothing.</param>
    /// <param name="choose">A number below its argument; instances that start together should not all want the same partition.</param>
    /// <returns>The partition to claim, or to take from an instance that has too many; null when the share is right.</returns>
    public static string? NextToClaim(
        IReadOnlyList<string> partitions, IReadOnlyCollection<Ownership> active, string self, Func<int, int> choose)
    {
        var byOwner = active.GroupBy(ownership => ownership.Owner)
            .ToDictionary(group => group.Key, group => group.Select(ownership => ownership.Partition).ToList(), StringComparer.Ordinal);
        var own = byOwner.TryGetValue(self, out var mine) ? mine.Count : 0;
        var owners = byOwner.ContainsKey(self) ? byOwner.Count : byOwner.Count + 1;
        var minimum = partitions.Count / owners;
        var uneven = partitions.Count % owners > 0;
        var wanting = own < minimum || (own == minimum && uneven);
        if (!wanting)
            return null;

        var claimed = active.Select(ownership => ownership.Partition).ToHashSet(StringComparer.Ordinal);
        var free = partitions.Where(partition => !claimed.Contains(partition)).ToList();
        if (free.Count > 0)
            return free[choose(free.Count)];

        // Whoever has more than its share gives first; one that has exactly the larger share gives only to an instance below the smaller.
        var maximum = minimum + 1;
        var givers = byOwner.Where(pair => pair.Key != self && pair.Value.Count > maximum).SelectMany(pair => pair.Value).ToList();
        if (givers.Count == 0 && own < minimum)
            givers = byOwner.Where(pair => pair.Key != self && pair.Value.Count == maximum).SelectMany(pair => pair.Value).ToList();
        return givers.Count > 0 ? givers[choose(givers.Count)] : null;
    }
}
