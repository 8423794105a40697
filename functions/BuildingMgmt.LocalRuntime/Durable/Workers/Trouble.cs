namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>
/// How often something failed, and how often by its own fault: that is known only when the store did the same for others meanwhile. What fails
/// with everything else is never given up.
/// </summary>
internal sealed class Trouble(Backoff backoff)
{
    /// <summary>Then it is tried in a call of its own.</summary>
    private const int FailuresInCompanyMax = 2;

    private long _othersBefore = long.MaxValue;

    public int Failures { get; private set; }

    public int Blamed { get; private set; }

    /// <summary>What it failed with last.</summary>
    public Exception? Last { get; private set; }

    /// <summary>Failures before the store was asked for anything.</summary>
    public int EngineFailures { get; set; }

    public bool Alone => Failures >= FailuresInCompanyMax;

    /// <param name="others">How many calls of the kind have succeeded so far.</param>
    /// <returns>How long to wait before the next try.</returns>
    public TimeSpan Failed(Exception exception, long others)
    {
        Last = exception;
        if (Alone && others > _othersBefore)
            Blamed++;
        _othersBefore = others;
        Failures++;
        return backoff.Next();
    }

    /// <summary>Nobody's fault: somebody else was first.</summary>
    public TimeSpan Refused() => backoff.Next();
}
