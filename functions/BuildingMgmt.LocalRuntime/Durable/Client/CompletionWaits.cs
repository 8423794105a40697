using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Durable.Workers;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Client;

/// <summary>
/// Those who wait for the end of an orchestration. An end in this process is told by its worker; the others are asked for all together, in one
/// query that comes less and less often while nothing ends.
/// </summary>
internal sealed class CompletionWaits(Func<CancellationToken, ValueTask<IDurableStore>> open, EndedInstances ended, TimeProvider time, ILogger logger)
{
    /// <summary>Ids in one query.</summary>
    private const int IdsPerQueryMax = 1_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, int> _waiters = new(StringComparer.Ordinal);

    // Completed when somebody new waits. Null while nobody does.
    private TaskCompletionSource? _hurry;

    /// <summary>Begins to wait. Look after that, so that no end falls between the two, and dispose of the waiter, whatever comes of it.</summary>
    public Waiter Enter(string instanceId)
    {
        var waiter = new Waiter(this, ended.Register(instanceId));
        lock (_lock)
        {
            _waiters[instanceId] = _waiters.GetValueOrDefault(instanceId) + 1;
            if (_hurry is null)
            {
                _hurry = NewHurry();
                _ = Task.Run(PollAsync, CancellationToken.None);
            }

            _hurry.TrySetResult();
        }

        return waiter;
    }

    private void Leave(string instanceId)
    {
        lock (_lock)
        {
            if (--_waiters[instanceId] == 0)
                _waiters.Remove(instanceId);
        }
    }

    // Lives as long as somebody waits.
    private async Task PollAsync()
    {
        var pause = PollPause.Shortest;
        var away = false;
        while (NextHurry() is { } hurry)
        {
            await hurry.WaitAsync(pause - PollPause.Shortest, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (hurry.IsCompleted)
                pause = PollPause.Shortest;

            // Nobody hurries this: where many come one after another, they are asked for together.
            await Task.Delay(PollPause.Shortest, time, CancellationToken.None).ConfigureAwait(false);
            pause = PollPause.After(pause);
            try
            {
                await AskAsync().ConfigureAwait(false);
                away = false;
            }
            catch (Exception e)
            {
                // Whatever ails the store, the ends are still there when it is back.
                if (!away)
                    logger.WaitsStoreAway(e);
                away = true;
            }
        }
    }

    private Task? NextHurry()
    {
        lock (_lock)
        {
            if (_waiters.Count == 0)
                _hurry = null;
            else if (_hurry!.Task.IsCompleted)
                _hurry = NewHurry();
            return _hurry?.Task;
        }
    }

    private async Task AskAsync()
    {
        string[] ids;
        lock (_lock)
            ids = [.. _waiters.Keys];
        var store = await open(CancellationToken.None).ConfigureAwait(false);
        foreach (var some in ids.Chunk(IdsPerQueryMax))
        {
            foreach (var id in await store.EndedAsync(some, CancellationToken.None).ConfigureAwait(false))
                ended.Tell(id);
        }
    }

    private static TaskCompletionSource NewHurry() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal sealed class Waiter(CompletionWaits waits, EndedInstances.Registration registration) : IDisposable
    {
        /// <summary>Completes when the orchestration may have ended; whoever waits looks for itself, and waits again if not.</summary>
        public Task Ended => registration.Ended;

        public void Dispose()
        {
            waits.Leave(registration.InstanceId);
            registration.Dispose();
        }
    }
}
