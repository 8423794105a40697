namespace BuildingMgmt.LocalRuntime.Tests.Durable.Simulation;

/// <summary>How likely it is that something goes wrong with a call to the store.</summary>
internal sealed record Faults
{
    public static readonly Faults None = new();

    /// <summary>The call throws and was never made.</summary>
    public double FailsBefore { get; init; }

    /// <summary>The call throws and was made.</summary>
    public double FailsAfter { get; init; }

    /// <summary>The calling process is killed; whether the call is made is open.</summary>
    public double Kills { get; init; }

    /// <summary>The calling process is frozen for up to 20 s, and its lease runs out.</summary>
    public double Freezes { get; init; }

    /// <summary>The call takes up to 6 s.</summary>
    public double Slow { get; init; }

    /// <summary>From now on every call of every process throws, for up to 15 s.</summary>
    public double Outage { get; init; }

    public double WakeLost { get; init; }

    public double WakeDoubled { get; init; }

    /// <summary>A mixture that differs from seed to seed: many of one kind find other mistakes than a few of each.</summary>
    public static Faults Random(Random random) => new()
    {
        FailsBefore = Rate(random, 0.1),
        FailsAfter = Rate(random, 0.1),
        Kills = Rate(random, 0.02),
        Freezes = Rate(random, 0.01),
        Slow = Rate(random, 0.02),
        Outage = Rate(random, 0.002),
        WakeLost = Rate(random, 0.5),
        WakeDoubled = Rate(random, 0.3),
    };

    private static double Rate(Random random, double most) => random.Next(2) == 0 ? 0 : random.NextDouble() * most;
}

internal sealed class StoreFaultException(string message) : Exception(message);
