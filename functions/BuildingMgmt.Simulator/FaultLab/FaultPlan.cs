namespace BuildingMgmt.Simulator.FaultLab;

/// <summary>Spreads the faults that a user has asked for over the demo building's gateways.</summary>
internal static class FaultPlan
{
    /// <summary>
    /// Gives each fault to one gateway, the last gateway first: with a few faults the first floor of the building stays
    /// well, as the one to compare with.
    /// </summary>
    public static IReadOnlyList<FaultChain> Spread(IReadOnlyList<string> names, int gateways, int seed, DateTimeOffset start)
    {
        var faults = Enumerable.Range(0, gateways).Select(_ => new List<Fault>()).ToArray();
        for (var index = 0; index < names.Count; index++)
            faults[gateways - 1 - (index % gateways)].Add(Create(names[index], seed + index, start));
        return [.. faults.Select(list => new FaultChain(list))];
    }

    private static Fault Create(string name, int seed, DateTimeOffset start) => name switch
    {
        "doubles" => new Doubles(seed),
        "late" => new LateBatches(seed, delayMax: TimeSpan.FromHours(2)),
        "shuffled" => new ShuffledBatches(seed),
        "offline" => new OfflineSpells(start + TimeSpan.FromMinutes(2), TimeSpan.FromHours(1), TimeSpan.FromHours(2)),
        "wrong-clock" => new WrongClock(seed, ahead: TimeSpan.FromMinutes(12), behind: TimeSpan.FromHours(3)),
        "dst" => new DstNight(start + TimeSpan.FromMinutes(5)),
        "bad" => new BadReadings(seed),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such fault."),
    };
}
