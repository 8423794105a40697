using BuildingMgmt.LocalRuntime.Durable.Store;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>
/// How often something failed, and how often by its own fault: the failure says so, or the store did the same for others meanwhile. What fails
/// with everything else, or waits for a lock or a connection, is never given up.
/// </summary>
internal sealed class Trouble(Backoff backoff)
{
    /// <summary>Then it is tried in a call of its own.</summary>
    private const int FailuresInCompanyMax = 2;

    // Memory may run out once, and a constraint may be broken by others who write. The pauses before add up to a quarter of a minute.
    private const int BlamedMax = 10;

    private long _othersBefore = long.MaxValue;
    private int _failures;
    private int _blamed;

    /// <summary>Whether it is to blame itself, so that trying again is of no use.</summary>
    public bool IsHopeless => _blamed >= BlamedMax;

    /// <summary>Whether it has been said that it fails.</summary>
    public bool Told { get; set; }

    /// <summary>Timestamp of when it was last met.</summary>
    public long LastAt { get; set; }

    /// <summary>What it failed with last.</summary>
    public Exception? Last { get; private set; }

    /// <summary>Failures before the store was asked for anything.</summary>
    public int EngineFailures { get; set; }

    public bool Alone => _failures >= FailuresInCompanyMax;

    /// <param name="others">How many calls of the kind have succeeded so far.</param>
    /// <returns>How long to wait before the next try.</returns>
    public TimeSpan Failed(Exception exception, long others)
    {
        Last = exception;
        var fault = StoreFaults.Of(exception);
        if (Alone && (fault == StoreFault.Data || (fault == StoreFault.Unknown && others > _othersBefore)))
            _blamed++;
        _othersBefore = others;
        _failures++;
        return backoff.Next();
    }

    /// <summary>Nobody's fault: somebody else was first.</summary>
    public TimeSpan Refused() => backoff.Next();
}
