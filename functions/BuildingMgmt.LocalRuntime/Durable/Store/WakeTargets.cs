namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Which other workers a transaction has something for.</summary>
internal sealed class WakeTargets(long? self)
{
    private readonly HashSet<long> _workers = [];

    public bool All { get; private set; }

    public IReadOnlyCollection<long> Workers => _workers;

    /// <summary>0 is nobody: then anybody.</summary>
    public void Add(long owner)
    {
        if (owner == 0)
            All = true;
        else if (owner != self)
            _workers.Add(owner);
    }

    /// <summary>Whether a worker is meant; never the one whose transaction it was.</summary>
    public bool IsFor(long worker) => worker != self && (All || _workers.Contains(worker));

    public void AddAll() => All = true;
}
