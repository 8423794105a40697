using BuildingMgmt.LocalRuntime.Durable.Store;

namespace BuildingMgmt.Testing.Durable;

internal sealed partial class MemoryDurableStore
{
    public Task<CreateResult> CreateAsync(
        NewInstance instance, long? owner, IReadOnlyList<int> replaceable, CancellationToken cancellationToken) =>
        cancellationToken.Answer(() =>
        {
            if (_instances.TryGetValue(instance.InstanceId, out var there) && !replaceable.Contains(there.Status))
                return CreateResult.Exists;
            WakeFor(Start(instance, owner is { } worker ? Living(worker) : null));
            return CreateResult.Created;
        });

    public Task<bool> SendAsync(NewMessage message, CancellationToken cancellationToken) => cancellationToken.Answer(() =>
    {
        if (!Send(message))
            return false;
        WakeFor(_instances[message.InstanceId]);
        return true;
    });

    public Task<InstanceState?> GetAsync(string instanceId, bool withPayloads, CancellationToken cancellationToken) =>
        cancellationToken.Answer(() => _instances.GetValueOrDefault(instanceId)?.State(withPayloads));

    public Task<IReadOnlyList<InstanceState>> QueryAsync(InstanceFilter filter, CancellationToken cancellationToken) =>
        cancellationToken.Answer<IReadOnlyList<InstanceState>>(() =>
        [
            .. _instances.Values.Where(instance => instance.Matches(filter)).Take(filter.Max)
                .Select(instance => instance.State(filter.WithPayloads)),
        ]);

    public Task<IReadOnlyList<string>> EndedAsync(IReadOnlyList<string> instanceIds, CancellationToken cancellationToken) =>
        cancellationToken.Answer<IReadOnlyList<string>>(() =>
            [.. instanceIds.Where(id => !_instances.TryGetValue(id, out var instance) || instance.HasEnded)]);

    public Task<int> PurgeAsync(string instanceId, bool recursive, CancellationToken cancellationToken) =>
        cancellationToken.Answer(() => Purge(instanceId, recursive));

    public Task<int> PurgeAsync(InstanceFilter filter, CancellationToken cancellationToken) => cancellationToken.Answer(() =>
    {
        var purged = _instances.Values.Where(instance => instance.HasEnded && instance.Matches(filter))
            .OrderBy(instance => instance.EndedAt).Take(filter.Max).ToArray();
        foreach (var instance in purged)
            _instances.Remove(instance.Id);
        return purged.Length;
    });

    public Task<HubState> ReadHubAsync(CancellationToken cancellationToken) => cancellationToken.Answer(() =>
    {
        var since = _queues.Due.Select(message => message.DueAt)
            .Concat(_queues.WaitingActivities.Select(activity => activity.Work.CreatedAt))
            .DefaultIfEmpty(_queues.Now).Min();
        return new HubState(
            _instances.Values.Count(instance => instance.Status == Statuses.Pending),
            _instances.Values.Count(instance => instance.Status != Statuses.Pending && !instance.HasEnded),
            _instances.Values.Sum(instance => instance.Activities.Count),
            _queues.Now - since);
    });

    private MemoryInstance Start(NewInstance created, MemoryWorker? owner)
    {
        // One that is replaced goes on counting: what was under way for it is told apart from what is for the new one.
        var (key, execution, step) = (0L, 0, 0L);
        if (_instances.Remove(created.InstanceId, out var replaced))
        {
            _queues.Clear(replaced);
            (key, execution, step) = (replaced.Key, replaced.Execution + 1, replaced.Step + 1);
        }
        else
        {
            key = ++_instancesMade;
        }

        var instance = new MemoryInstance(created.Start, created.InstanceId, key, execution, step, _queues.Now) { Owner = owner };
        _instances.Add(instance.Id, instance);
        _queues.Add(instance, execution, created.Start, created.StartAt);
        return instance;
    }

    private bool Send(NewMessage message)
    {
        if (!_instances.TryGetValue(message.InstanceId, out var instance) || instance.HasEnded || (message.Key ?? instance.Key) != instance.Key)
            return false;
        _queues.Add(instance, message.Execution, message.Event, message.DueAt, message.Id);
        return true;
    }

    private int Purge(string instanceId, bool recursive)
    {
        if (!_instances.TryGetValue(instanceId, out var instance) || !instance.HasEnded)
            return 0;
        _instances.Remove(instanceId);
        if (!recursive)
            return 1;
        var children = _instances.Values.Where(child => child.Start.Parent?.InstanceId == instanceId).Select(child => child.Id).ToArray();
        return 1 + children.Sum(child => Purge(child, recursive));
    }
}
