namespace BuildingMgmt.LocalRuntime.Durable.Workers;

internal sealed record DurableWorkerSettings
{
    /// <summary>Activities that run in this process at once. Default ten for each processor.</summary>
    public int MaxConcurrentActivities { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>Steps of orchestrations that run in this process at once. Default ten for each processor.</summary>
    public int MaxConcurrentOrchestrators { get; init; } = 10 * Environment.ProcessorCount;

    /// <summary>Whether instances stay in memory between their steps, so that their history is not read again.</summary>
    public bool ExtendedSessions { get; init; } = true;

    /// <summary>How long an instance at rest stays in memory. Then any process may have its next message.</summary>
    public TimeSpan ExtendedSessionIdle { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Instances at rest that are kept in memory at once.</summary>
    public int SessionsMax { get; init; } = 2_000;

    /// <summary>
    /// History events of all instances at rest together, one that carries much counting for many: what bounds the memory that they take. What an
    /// event carries is held several times over, by the history and by the code.
    /// </summary>
    public int SessionsWeightMax { get; init; } = 200_000;
}
