namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Which other workers a transaction has something for.</summary>
internal sealed class WakeTargets(long? self)
{
    private readonly HashSet<long> _workers = [];

    public bool All { get; private set; }

    public IReadOnlyCollection<long> Workers => _workers;

    /// <summary>Null is nobody: then anybody.</summary>
    public void Add(long? owner)
    {
        if (owner is null)
            All = true;
        else if (owner != self)
            _workers.Add(owner.Value);
    }

    public void AddAll() => All = true;
}
