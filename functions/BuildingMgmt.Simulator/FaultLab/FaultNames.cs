namespace BuildingMgmt.Simulator.FaultLab;

/// <summary>The faults that a user may ask for. Compiled into the stack as well, which refuses a wrong name before it starts anything.</summary>
internal static class FaultNames
{
    public static IReadOnlyList<string> All { get; } = ["doubles", "late", "shuffled", "offline", "wrong-clock", "dst", "bad"];

    /// <summary>Reads a list such as <c>doubles,late</c>, or <c>all</c>.</summary>
    /// <exception cref="FormatException">A name is unknown; the message lists those that are known.</exception>
    public static IReadOnlyList<string> Parse(string list)
    {
        var names = list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (names is ["all"])
            return All;
        foreach (var name in names)
        {
            if (!All.Contains(name))
                throw new FormatException($"Fault \"{name}\" is unknown. Choose from {string.Join(", ", All)}, or \"all\".");
        }

        return names;
    }
}
