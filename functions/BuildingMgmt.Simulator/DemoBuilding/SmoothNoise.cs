namespace BuildingMgmt.Simulator.DemoBuilding;

/// <summary>
/// Random courses that are a function of seed and time alone. A simulator that is started again goes on with the same
/// weather and the same people, which a generator with state could only do by remembering where it was.
/// </summary>
internal static class SmoothNoise
{
    /// <summary>A course that wanders smoothly: mean 0, about -2 to 2, a new direction once every <paramref name="period"/>.</summary>
    public static double At(ulong seed, DateTimeOffset time, TimeSpan period)
    {
        var position = (double)time.UtcTicks / period.Ticks;
        var index = Math.Floor(position);
        var share = position - index;
        // Smoothstep keeps the slope continuous where two stretches meet.
        var weight = share * share * (3 - (2 * share));
        var from = Normal(seed, (ulong)(long)index);
        var to = Normal(seed, (ulong)((long)index + 1));
        return from + ((to - from) * weight);
    }

    /// <summary>One draw, even over 0 (included) to 1 (excluded).</summary>
    public static double Uniform(ulong seed, ulong index) => (Mix(Mix(seed) + index) >> 11) * (1.0 / (1UL << 53));

    /// <summary>One draw, nearly normal with deviation 1 and never beyond 3.5: the sum of four even draws.</summary>
    public static double Normal(ulong seed, ulong index)
    {
        var hash = Mix(Mix(seed) + index);
        var sum = 0.0;
        for (var part = 0; part < 4; part++)
            sum += (ushort)(hash >> (16 * part)) / 65536.0;
        return (sum - 2) * 1.7320508;
    }

    /// <summary>A seed for one use of <paramref name="seed"/>, so that two uses never run in step.</summary>
    public static ulong Seed(int seed, string use)
    {
        var hash = Mix((ulong)seed);
        foreach (var character in use)
            hash = Mix(hash ^ character);
        return hash;
    }

    // The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
