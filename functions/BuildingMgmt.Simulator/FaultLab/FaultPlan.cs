namespace BuildingMgmt.Simulator.FaultLab;

/// <summary>The faults that a user may ask for by name, and how they are spread over the demo building's gateways.</summary>
internal static class FaultPlan
{
    public static IReadOnlyList<string> Names { get; } = ["doubles", "late", "shuffled", "offline", "wrong-clock", "dst", "bad"];

    /// <summary>Reads a list such as <c>doubles,late</c>, or <c>all</c>.</summary>
    /// <exception cref="FormatException">A name is unknown; the message lists those that are known.</exception>
    public static IReadOnlyList<string> Parse(string list)
    {
        var names = list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (names is ["all"])
            return Names;
        foreach (var name in names)
        {
            if (!Names.Contains(name))
                throw new FormatException($"Fault \"{name}\" is unknown. Choose from {string.Join(", ", Names)}, or \"all\".");
        }

        return names;
    }

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
