namespace BuildingMgmt.Functions.Ingest;

/// <summary>
/// Some of the values of an event or reading, a bit for each. They are counted by the bytes alone, so that what was counted once is found
/// again with another catalogue: each entry of a reading's "data" is one, and what has no entries is one as a whole.
/// </summary>
internal static class ValueSet
{
    /// <summary>Whether a value is in the set; null holds all.</summary>
    public static bool Holds(byte[]? set, int value) =>
        set is null || (value >> 3 < set.Length && (set[value >> 3] & (1 << (value & 7))) != 0);

    /// <summary>How many of some values in a row are in the set; null holds all.</summary>
    public static int Count(byte[]? set, int first, int count)
    {
        if (set is null)
            return count;
        var held = 0;
        for (var value = first; value < first + count; value++)
            held += Holds(set, value) ? 1 : 0;
        return held;
    }

    /// <summary>Adds a value; null is the empty set here.</summary>
    public static void Add(ref byte[]? set, int value)
    {
        var at = value >> 3;
        if (set is null)
            set = new byte[at + 1];
        else if (at >= set.Length)
            Array.Resize(ref set, Math.Max(at + 1, set.Length * 2));
        set[at] |= (byte)(1 << (value & 7));
    }

    /// <summary>The same set without the room that it grew into.</summary>
    public static byte[]? Trim(byte[]? set) => set?.AsSpan().TrimEnd((byte)0).ToArray();

    /// <summary>Adds those values that an error stands for, as values of its event; null is the empty set here.</summary>
    /// <param name="values">Of the reading; null when all.</param>
    public static void AddRange(ref byte[]? set, int first, byte[]? values, int count)
    {
        var length = values is null ? count : values.Length * 8;
        for (var value = 0; value < length; value++)
        {
            if (Holds(values, value))
                Add(ref set, first + value);
        }
    }
}
