using BuildingMgmt.LocalRuntime.Durable.Store;

namespace BuildingMgmt.Testing.Durable;

/// <summary>
/// A hub in memory, for all the workers of a test: its clock is the one given, every call is done when it returns, and the same calls give the
/// same answers. For use by one thread at a time.
/// </summary>
internal sealed partial class MemoryDurableStore(TimeProvider time) : IDurableStore
{
    // As a database would: an answer has its bounds.
    private const int MessagesOfOneTakeMax = 2_000;

    private readonly MemoryQueues _queues = new(time);
    private readonly SortedDictionary<long, MemoryWorker> _workers = [];
    private readonly SortedDictionary<string, MemoryInstance> _instances = new(StringComparer.Ordinal);
    private readonly SortedDictionary<long, List<Action>> _listeners = [];
    private long _workersMade;
    private long _instancesMade;

    public Task<long> EnterAsync(CancellationToken cancellationToken) => cancellationToken.Answer(() =>
    {
        var worker = new MemoryWorker(++_workersMade) { DiesAt = _queues.Now + DurableTimes.Lease };
        _workers.Add(worker.Id, worker);
        return worker.Id;
    });

    public Task<bool> RenewAsync(long worker, CancellationToken cancellationToken) => cancellationToken.Answer(() =>
    {
        if (Living(worker) is not { } living)
            return false;
        living.DiesAt = _queues.Now + DurableTimes.Lease;
        return true;
    });

    public Task LeaveAsync(long worker, CancellationToken cancellationToken) => cancellationToken.Answer(() =>
    {
        if (!_workers.Remove(worker, out var leaving))
            return false;
        leaving.DiesAt = DateTimeOffset.MinValue;
        foreach (var activity in leaving.Activities.Values.ToArray())
            _queues.Give(activity, null);
        foreach (var instance in _instances.Values.Where(instance => instance.Owner == leaving))
            instance.Owner = null;
        WakeAll(worker);
        return true;
    });

    public Task<Taken> TakeAsync(TakeRequest request, CancellationToken cancellationToken) => cancellationToken.Answer(() =>
    {
        if (Living(request.Worker) is not { } worker)
            return Taken.Nothing with { WorkerLives = false };
        var (instances, moreInstances) = TakeInstances(worker, request);
        var (activities, moreActivities) = TakeActivities(worker, request);
        return new Taken(true, instances, activities, moreInstances || moreActivities, NextDueIn(worker));
    });

    public Task<IReadOnlyList<LoadedHistory>> LoadAsync(
        long worker, IReadOnlyList<string> instanceIds, CancellationToken cancellationToken) =>
        cancellationToken.Answer<IReadOnlyList<LoadedHistory>>(() =>
        [
            .. from id in instanceIds
               let instance = _instances.GetValueOrDefault(id)
               where instance?.Owner is { } owner && owner.Id == worker
               select new LoadedHistory(id, instance.Execution, instance.Step, [.. instance.History]),
        ]);

    public Task ReleaseAsync(long worker, IReadOnlyList<string> instanceIds, CancellationToken cancellationToken) => cancellationToken.Answer(() =>
    {
        foreach (var id in instanceIds)
        {
            if (_instances.TryGetValue(id, out var instance) && instance.Owner?.Id == worker)
                instance.Owner = null;
        }

        WakeAll(worker);
        return true;
    });

    public async Task ListenAsync(long worker, Action wake, CancellationToken cancellationToken)
    {
        if (!_listeners.TryGetValue(worker, out var listeners))
            _listeners.Add(worker, listeners = []);
        listeners.Add(wake);
        var cancelled = new TaskCompletionSource();
        using (cancellationToken.UnsafeRegister(static cancelled => ((TaskCompletionSource)cancelled!).TrySetResult(), cancelled))
            await cancelled.Task;
        listeners.Remove(wake);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private (List<TakenInstance> Taken, bool More) TakeInstances(MemoryWorker worker, TakeRequest request)
    {
        if (request.InstancesMax == 0)
            return ([], false);
        var busy = request.Busy.ToHashSet(StringComparer.Ordinal);
        var waiting = _queues.Due.Select(message => message.Instance).Distinct().Where(instance => !busy.Contains(instance.Id)).ToArray();
        MemoryInstance[] candidates =
        [
            .. waiting.Where(instance => instance.Owner == worker),
            .. waiting.Where(instance => instance.Owner is null || IsDead(instance.Owner)),
        ];
        var taken = new List<TakenInstance>();
        foreach (var instance in candidates.Take(request.InstancesMax))
        {
            instance.Owner = worker;
            var due = instance.Messages.Values.Where(message => message.DueAt <= _queues.Now).Take(MessagesOfOneTakeMax);
            taken.Add(new(
                instance.Id, instance.Key, instance.Execution, instance.Step, _queues.Now,
                [.. due.Select(message => new ReceivedMessage(message.Sequence, message.Execution, message.Event))]));
        }

        return (taken, candidates.Length > request.InstancesMax);
    }

    private (List<ActivityWork> Taken, bool More) TakeActivities(MemoryWorker worker, TakeRequest request)
    {
        if (request.ActivitiesMax == 0)
            return ([], false);
        var running = request.Running.ToHashSet();
        MemoryActivity[] candidates =
        [
            .. worker.Activities.Values.Where(activity => !running.Contains(activity.Work.Id)),
            .. _queues.WaitingActivities.Concat(_workers.Values.Where(IsDead).SelectMany(dead => dead.Activities.Values))
                .OrderBy(activity => activity.Work.Id),
        ];
        var taken = candidates.Take(request.ActivitiesMax).ToArray();
        foreach (var activity in taken)
            _queues.Give(activity, worker);
        return ([.. taken.Select(activity => activity.Work)], candidates.Length > taken.Length);
    }

    private TimeSpan? NextDueIn(MemoryWorker worker)
    {
        var next = _queues.Later.FirstOrDefault(message => MayTake(worker, message.Instance) && !HasDue(message.Instance));
        return next is null ? null : next.DueAt - _queues.Now;
    }

    private bool MayTake(MemoryWorker worker, MemoryInstance instance) =>
        instance.Owner is not { } owner || owner == worker || IsDead(owner);

    private MemoryWorker? Living(long worker) =>
        _workers.TryGetValue(worker, out var found) && !IsDead(found) ? found : null;

    private bool IsDead(MemoryWorker worker) => worker.DiesAt <= _queues.Now;

    /// <summary>There is something for the owner, or for anyone when there is none.</summary>
    private void WakeFor(MemoryInstance instance, long? except = null)
    {
        if (instance.Owner is not { } owner || IsDead(owner))
            WakeAll(except);
        else if (owner.Id != except)
            Wake(owner.Id);
    }

    private void WakeAll(long? except = null)
    {
        foreach (var worker in _listeners.Keys.Where(worker => worker != except).ToArray())
            Wake(worker);
    }

    private void Wake(long worker)
    {
        foreach (var wake in _listeners.GetValueOrDefault(worker)?.ToArray() ?? [])
            wake();
    }
}
