using System.Runtime.CompilerServices;
using BuildingMgmt.LocalRuntime.Durable.Store;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Simulation;

/// <summary>The way from one process to the store, on which everything may happen. What was sent arrives even if its sender is dead by then.</summary>
internal sealed class FaultyStore(SimulatedProcess caller, StoreNetwork network) : IDurableStore
{
    private readonly IDurableStore _store = network.Store;

    public Task<long> EnterAsync(CancellationToken cancellationToken) =>
        SendAsync(() => _store.EnterAsync(CancellationToken.None), cancellationToken);

    public Task<bool> RenewAsync(long worker, CancellationToken cancellationToken) =>
        SendAsync(() => _store.RenewAsync(worker, CancellationToken.None), cancellationToken);

    public Task LeaveAsync(long worker, CancellationToken cancellationToken) =>
        SendAsync(() => Done(_store.LeaveAsync(worker, CancellationToken.None)), cancellationToken);

    public Task<Taken> TakeAsync(TakeRequest request, CancellationToken cancellationToken) =>
        SendAsync(() => _store.TakeAsync(request, CancellationToken.None), cancellationToken);

    public Task<IReadOnlyList<LoadedHistory>> LoadAsync(long worker, IReadOnlyList<string> instanceIds, CancellationToken cancellationToken) =>
        SendAsync(
            async () => network.Loaded(await _store.LoadAsync(worker, instanceIds, CancellationToken.None)), cancellationToken, instanceIds);

    public Task<IReadOnlyList<StepReceipt>> CommitStepsAsync(
        long worker, IReadOnlyList<StepCommit> steps, int activitiesMax, CancellationToken cancellationToken) =>
        SendAsync(
            async () =>
            {
                var receipts = await _store.CommitStepsAsync(worker, steps, activitiesMax, CancellationToken.None);
                network.Journal.Committed(steps, receipts);
                return receipts;
            },
            cancellationToken,
            steps);

    public Task<IReadOnlyList<ResultReceipt>> CommitResultsAsync(
        long worker, IReadOnlyList<ActivityResult> results, CancellationToken cancellationToken) =>
        SendAsync(() => _store.CommitResultsAsync(worker, results, CancellationToken.None), cancellationToken, results);

    public Task ReleaseAsync(long worker, IReadOnlyList<string> instanceIds, CancellationToken cancellationToken) =>
        SendAsync(() => Done(_store.ReleaseAsync(worker, instanceIds, CancellationToken.None)), cancellationToken);

    public Task<CreateResult> CreateAsync(NewInstance instance, long? owner, IReadOnlyList<int> replaceable, CancellationToken cancellationToken) =>
        SendAsync(
            async () =>
            {
                var result = await _store.CreateAsync(instance, owner, replaceable, CancellationToken.None);
                if (result == CreateResult.Created)
                    network.Journal.Began(instance.InstanceId);
                return result;
            },
            cancellationToken);

    public Task<bool> SendAsync(NewMessage message, CancellationToken cancellationToken) =>
        SendAsync(() => _store.SendAsync(message, CancellationToken.None), cancellationToken);

    public Task<InstanceState?> GetAsync(string instanceId, bool withPayloads, CancellationToken cancellationToken) =>
        SendAsync(() => _store.GetAsync(instanceId, withPayloads, CancellationToken.None), cancellationToken);

    public Task<IReadOnlyList<InstanceState>> QueryAsync(InstanceFilter filter, CancellationToken cancellationToken) =>
        SendAsync(() => _store.QueryAsync(filter, CancellationToken.None), cancellationToken);

    public Task<IReadOnlyList<string>> EndedAsync(IReadOnlyList<string> instanceIds, CancellationToken cancellationToken) =>
        SendAsync(() => _store.EndedAsync(instanceIds, CancellationToken.None), cancellationToken);

    public Task<int> PurgeAsync(string instanceId, bool recursive, CancellationToken cancellationToken) =>
        SendAsync(() => _store.PurgeAsync(instanceId, recursive, CancellationToken.None), cancellationToken);

    public Task<int> PurgeAsync(InstanceFilter filter, CancellationToken cancellationToken) =>
        SendAsync(() => _store.PurgeAsync(filter, CancellationToken.None), cancellationToken);

    public Task<HubState> ReadHubAsync(CancellationToken cancellationToken) =>
        SendAsync(() => _store.ReadHubAsync(CancellationToken.None), cancellationToken);

    public Task ListenAsync(long worker, Action wake, CancellationToken cancellationToken) =>
        _store.ListenAsync(worker, () => network.Wake(caller, wake), cancellationToken);

    private Task<T> SendAsync<T>(
        Func<Task<T>> call, CancellationToken cancellationToken, object? about = null, [CallerMemberName] string name = "")
    {
        var answer = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        network.Carry(caller, new(name, about), call, answer);
        return cancellationToken.CanBeCanceled ? WithCancellationAsync(answer, cancellationToken) : answer.Task;
    }

    private static async Task<T> WithCancellationAsync<T>(TaskCompletionSource<T> answer, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.Register(() => answer.TrySetCanceled(cancellationToken), useSynchronizationContext: false);
        return await answer.Task;
    }

    private static async Task<bool> Done(Task task)
    {
        await task;
        return true;
    }
}

/// <param name="About">Its steps, results or instance ids; null for other calls.</param>
internal sealed record StoreCall(string Name, object? About);

/// <summary>What lies between all processes and the store.</summary>
internal sealed class StoreNetwork(SimulatedWorld world, IDurableStore store, StepJournal journal, Faults faults)
{
    private readonly SimulatedProcess _process = world.NewProcess("network");
    private DateTimeOffset _outageUntil = DateTimeOffset.MinValue;

    public IDurableStore Store { get; } = store;

    public StepJournal Journal { get; } = journal;

    /// <summary>Sees every call, and says which ones fail.</summary>
    public Func<StoreCall, bool>? Fails { get; set; }

    /// <summary>What is made of the histories that are read.</summary>
    public Func<IReadOnlyList<LoadedHistory>, IReadOnlyList<LoadedHistory>> Loaded { get; set; } = loaded => loaded;

    /// <summary>Says what else a call fails with; null for no failure.</summary>
    public Func<StoreCall, Exception?>? FailsWith { get; set; }

    /// <summary>What the store itself threw: a mistake of the store or of the call, no fault of the simulation's.</summary>
    public Exception? StoreFailure { get; private set; }

    /// <summary>Set to none to let everything come to rest.</summary>
    public Faults Faults { get; set; } = faults;

    /// <summary>Runs on the network's own context, which nothing freezes or kills.</summary>
    public void Carry<T>(SimulatedProcess caller, StoreCall what, Func<Task<T>> call, TaskCompletionSource<T> answer) =>
        _process.Post(_ => _ = CarryAsync(caller, what, call, answer), null);

    public void Wake(SimulatedProcess process, Action wake)
    {
        if (world.Chance(Faults.WakeLost))
            return;
        _process.Post(_ => _ = WakeAsync(process, wake), null);
        if (world.Chance(Faults.WakeDoubled))
            _process.Post(_ => _ = WakeAsync(process, wake), null);
    }

    private async Task CarryAsync<T>(SimulatedProcess caller, StoreCall what, Func<Task<T>> call, TaskCompletionSource<T> answer)
    {
        await _process.DelayAsync(Latency());
        if (world.Chance(Faults.Outage))
            _outageUntil = world.Now + world.Between(1_000, 15_000);
        if (world.Now < _outageUntil || world.Chance(Faults.FailsBefore) || Fails?.Invoke(what) == true)
        {
            answer.TrySetException(new StoreFaultException("The call was not made."));
            return;
        }

        if (FailsWith?.Invoke(what) is { } failure)
        {
            answer.TrySetException(failure);
            return;
        }

        if (caller.IsMortal && world.Chance(Faults.Kills))
        {
            caller.Kill();
            if (world.Chance(0.5))
                return;
        }

        if (caller.IsMortal && !caller.IsDead && world.Chance(Faults.Freezes))
            _ = FreezeAsync(caller);
        try
        {
            var result = await call();
            await _process.DelayAsync(Latency());
            if (world.Chance(Faults.FailsAfter))
                answer.TrySetException(new StoreFaultException("The call was made."));
            else
                answer.TrySetResult(result);
        }
        catch (Exception e)
        {
            StoreFailure ??= e;
            answer.TrySetException(e);
        }
    }

    private async Task FreezeAsync(SimulatedProcess process)
    {
        if (process.IsFrozen)
            return;
        process.Freeze();
        await _process.DelayAsync(world.Between(1_000, 20_000));
        process.Thaw();
    }

    private async Task WakeAsync(SimulatedProcess process, Action wake)
    {
        await _process.DelayAsync(Latency());
        if (!process.IsDead)
            wake();
    }

    private TimeSpan Latency() => world.Chance(Faults.Slow) ? world.Between(100, 6_000) : world.Between(0.1, 3);
}
