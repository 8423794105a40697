using BuildingMgmt.LocalRuntime.Durable.Store;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>
/// A worker from when the store knows it until it dies or leaves: it renews its lease, takes what is due and has it run. Belongs to one
/// synchronization context, which runs nothing that takes long, so that the lease is renewed in time whatever the app does.
/// </summary>
internal sealed class WorkerLife
{
    private static readonly TimeSpan PollFirst = TimeSpan.FromMilliseconds(50);

    // With the renewals an idle process asks the store three times in two seconds.
    private static readonly TimeSpan PollLongest = TimeSpan.FromSeconds(1);

    // A timer of an instance that makes a step is told of, but not taken: asking at once would ask again and again.
    private static readonly TimeSpan DueSoonest = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan LeaveAtMost = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ObserveEvery = TimeSpan.FromSeconds(15);

    private readonly WorkerParts _parts;
    private readonly StoreHealth _health;
    private readonly ILogger _logger;
    private readonly ActivityRunner _activities;
    private readonly InstanceSteps _steps;
    private readonly WakeSignal _signal;
    private readonly CancellationTokenSource _ended = new();
    private readonly TaskCompletionSource _finished = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan _poll = PollFirst;
    private long _lastTake;
    private TimeSpan _nextTakeIn;
    private bool _takeAtOnce = true;
    private bool _moreThanRoom;

    public WorkerLife(WorkerParts parts, long worker, ActivitySlots slots, StoreHealth health, ILogger logger)
    {
        (_parts, Worker, _health, _logger) = (parts, worker, health, logger);
        _activities = new(parts, this, slots, logger);
        _steps = new(parts, this, health, _activities, logger);
        _signal = new(parts.Time);
    }

    public long Worker { get; }

    /// <summary>Cancelled when the worker has died or left: from then on the store refuses what it writes.</summary>
    public CancellationToken Ended => _ended.Token;

    /// <summary>Takes nothing more, keeps nothing more; what runs is brought to its end.</summary>
    public bool Draining { get; private set; }

    /// <summary>Counts calls that take, so that one who was left out of such a call knows.</summary>
    public int TakesBegun { get; private set; }

    /// <summary>Whether a new instance would be run here at once.</summary>
    public bool HasRoom => !Draining && !Ended.IsCancellationRequested && _steps.Free > 0;

    /// <summary>Until it has died or left.</summary>
    public async Task RunAsync()
    {
        _logger.WorkerEntered(Worker);
        _ = RenewAsync();
        _ = TakeAllAsync();
        _ = ListenAsync();
        _ = ObserveAsync();
        await _finished.Task;
    }

    /// <summary>There may be something to take.</summary>
    public void Take()
    {
        _takeAtOnce = true;
        _poll = PollFirst;
        _signal.Set();
    }

    /// <summary>There is something to take, but no room for it.</summary>
    public void MoreThanRoom() => _moreThanRoom = true;

    /// <summary>There may be room again.</summary>
    public void SlotFreed()
    {
        _activities.RunWaiting();
        _takeAtOnce |= _moreThanRoom;
        if (_takeAtOnce)
            _signal.Set();
        TellWhenIdle();
    }

    /// <summary>Brings to an end what runs, unless time is up before, and gives up all that the worker holds.</summary>
    public async Task LeaveAsync(CancellationToken timeIsUp)
    {
        Draining = true;
        _activities.Stop();
        _signal.Set();
        TellWhenIdle();
        using (timeIsUp.UnsafeRegister(static idle => ((TaskCompletionSource)idle!).TrySetResult(), _idle))
        using (Ended.UnsafeRegister(static idle => ((TaskCompletionSource)idle!).TrySetResult(), _idle))
            await _idle.Task;
        _activities.Cancel();
        if (!Ended.IsCancellationRequested)
        {
            using var atMost = new CancellationTokenSource(LeaveAtMost, _parts.Time);
            try
            {
                await _parts.Store.LeaveAsync(Worker, atMost.Token);
                _logger.WorkerLeft(Worker);
            }
            catch (Exception e)
            {
                _logger.WorkerNotLeft(e, Worker);
            }
        }

        End();
    }

    private void TellWhenIdle()
    {
        if (Draining && _steps.Idle && _activities.Held.Count == 0)
            _idle.TrySetResult();
    }

    private void Die()
    {
        if (Ended.IsCancellationRequested)
            return;
        _logger.WorkerDied(Worker);
        End();
    }

    private void End()
    {
        _finished.TrySetResult();
        _ended.Cancel();
        _activities.Cancel();
        _signal.Set();
    }

    private async Task RenewAsync()
    {
        var backoff = _parts.NewBackoff();
        var pause = DurableTimes.RenewEvery;
        while (true)
        {
            await _parts.PauseAsync(pause, Ended);
            if (Ended.IsCancellationRequested)
                return;
            var began = _parts.Time.GetTimestamp();
            try
            {
                var lives = await _parts.Store.RenewAsync(Worker, Ended);
                _health.Worked(VitalCalls.Renew);
                backoff.Reset();
                pause = DurableTimes.RenewEvery;
                if (!lives)
                    Die();
            }
            catch (Exception e)
            {
                if (!Ended.IsCancellationRequested)
                    _health.Failed(VitalCalls.Renew, began, e);
                pause = backoff.Next();
            }
        }
    }

    private async Task TakeAllAsync()
    {
        var backoff = _parts.NewBackoff();
        while (!Draining && !Ended.IsCancellationRequested)
        {
            _steps.LookAfter();
            var wait = _nextTakeIn - _parts.Time.GetElapsedTime(_lastTake);
            if (!HasAnyRoom || (!_takeAtOnce && wait > TimeSpan.Zero))
            {
                // Without room only a freed slot can help; the bound is for instances that rest too long.
                await _signal.WaitAsync(HasAnyRoom ? wait : PollLongest);
                continue;
            }

            try
            {
                await TakeOnceAsync();
                backoff.Reset();
            }
            catch (Exception e)
            {
                if (!Ended.IsCancellationRequested)
                    _health.Failed(VitalCalls.Take, _lastTake, e);
                _takeAtOnce = true;
                await _parts.PauseAsync(backoff.Next(), Ended);
            }
        }
    }

    private bool HasAnyRoom => _steps.Free > 0 || _activities.Room > 0;

    private async Task TakeOnceAsync()
    {
        TakesBegun++;
        _takeAtOnce = false;
        _moreThanRoom = false;
        _lastTake = _parts.Time.GetTimestamp();
        var request = new TakeRequest(
            Worker, [.. _steps.Busy], Math.Max(0, _steps.Free), [.. _activities.Held], _activities.Room);
        var taken = await _parts.CallStoreAsync(store => store.TakeAsync(request, Ended));
        _health.Worked(VitalCalls.Take);
        if (!taken.WorkerLives)
        {
            Die();
            return;
        }

        // Also when the worker stops meanwhile: leaving gives up what it does not begin.
        if (Draining || Ended.IsCancellationRequested)
            return;
        foreach (var instance in taken.Instances)
            _steps.Begin(instance);
        _activities.Begin(taken.Activities);
        var any = taken.Instances.Count > 0 || taken.Activities.Count > 0;
        _moreThanRoom |= taken.More;
        _takeAtOnce |= any && taken.More;
        _poll = any ? PollFirst : _poll;
        _nextTakeIn = taken.NextDueIn is { } due && due < _poll ? Max(due, DueSoonest) : _poll;
        if (!any)
            _poll = Min(_poll * 2, PollLongest);
    }

    private async Task ListenAsync()
    {
        var context = SynchronizationContext.Current!;
        try
        {
            await _parts.Store.ListenAsync(Worker, () => context.Post(static life => ((WorkerLife)life!).Take(), this), Ended);
        }
        catch (OperationCanceledException) when (Ended.IsCancellationRequested)
        {
            // That is how it ends.
        }
    }

    private async Task ObserveAsync()
    {
        while (!Ended.IsCancellationRequested)
        {
            if (_parts.Meter.HubIsObserved)
                _parts.Meter.Observe(await ReadHubAsync());
            await _parts.PauseAsync(ObserveEvery, Ended);
        }
    }

    private async Task<HubState?> ReadHubAsync()
    {
        try
        {
            return _health.IsAway ? null : await _parts.Store.ReadHubAsync(Ended);
        }
        catch (Exception)
        {
            // The next one may work; calls that matter more say that the store is away.
            return null;
        }
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;
}
