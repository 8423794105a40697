using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>An execution in memory, as far as the store's step says.</summary>
internal sealed record InstanceSession(string InstanceId, int Execution, long Step, OrchestrationExecution Code);

/// <summary>
/// Executions at rest between their steps, while their worker owns them. Bounded by how many there are, by the weight of their events and by how
/// long they rest; the one that has rested longest goes first. Belongs to one synchronization context.
/// </summary>
internal sealed class InstanceSessions(DurableWorkerSettings settings, TimeProvider time)
{
    // A single long history must not push all others out.
    private readonly int _weightOfOneMax = settings.SessionsWeightMax / 4;

    private readonly Dictionary<string, LinkedListNode<Resting>> _byId = new(StringComparer.Ordinal);
    private readonly LinkedList<Resting> _longestFirst = new();
    private int _weight;

    public int Count => _byId.Count;

    public int Weight => _weight;

    public bool MayKeep(OrchestrationExecution code) => settings.ExtendedSessions && settings.SessionsMax > 0 && code.Weight <= _weightOfOneMax;

    /// <summary>Gives the session back for a step; null when there is none that is as far as the store.</summary>
    public InstanceSession? Take(TakenInstance taken)
    {
        if (!_byId.TryGetValue(taken.InstanceId, out var node))
            return null;
        Remove(node);
        var session = node.Value.Session;
        return session.Execution == taken.Execution && session.Step == taken.Step ? session : null;
    }

    /// <summary>Keeps a session until its next step.</summary>
    /// <returns>Instances that had to go for it, to be given up to the store.</returns>
    public IReadOnlyList<string> Keep(InstanceSession session)
    {
        if (_byId.TryGetValue(session.InstanceId, out var older))
            Remove(older);
        var weight = session.Code.Weight;
        _byId.Add(session.InstanceId, _longestFirst.AddLast(new Resting(session, weight, time.GetTimestamp())));
        _weight += weight;
        return RemoveWhile(first => _byId.Count > settings.SessionsMax || _weight > settings.SessionsWeightMax);
    }

    /// <summary>Forgets those that have rested for too long.</summary>
    public IReadOnlyList<string> RemoveIdle() =>
        RemoveWhile(first => time.GetElapsedTime(first.Since) >= settings.ExtendedSessionIdle);

    private List<string> RemoveWhile(Func<Resting, bool> remove)
    {
        var removed = new List<string>();
        while (_longestFirst.First is { } first && remove(first.Value))
        {
            Remove(first);
            removed.Add(first.Value.Session.InstanceId);
        }

        return removed;
    }

    private void Remove(LinkedListNode<Resting> node)
    {
        _byId.Remove(node.Value.Session.InstanceId);
        _longestFirst.Remove(node);
        _weight -= node.Value.Weight;
    }

    private sealed record Resting(InstanceSession Session, int Weight, long Since);
}
