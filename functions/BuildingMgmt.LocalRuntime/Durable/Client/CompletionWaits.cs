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
    private CancellationTokenSource? _hurry;

    /// <summary>Returns when the orchestration may have ended; whoever waits looks for itself, and waits again if not.</summary>
    public async Task UntilEndedAsync(string instanceId, CancellationToken cancellationToken)
    {
        using var registration = ended.Register(instanceId);
        lock (_lock)
        {
            _waiters[instanceId] = _waiters.GetValueOrDefault(instanceId) + 1;
            if (_hurry is null)
            {
                _hurry = new CancellationTokenSource();
                _ = Task.Run(PollAsync, CancellationToken.None);
            }
            else
            {
                // Not Cancel, which would go on with the polling right here, in the lock.
                _ = _hurry.CancelAsync();
            }
        }

        try
        {
            await registration.Ended.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            lock (_lock)
            {
                if (--_waiters[instanceId] == 0)
                    _waiters.Remove(instanceId);
            }
        }
    }

    // Lives as long as somebody waits.
    private async Task PollAsync()
    {
        var pause = PollPause.Shortest;
        var away = false;
        while (true)
        {
            CancellationTokenSource hurry;
            lock (_lock)
            {
                if (_waiters.Count == 0)
                {
                    _hurry!.Dispose();
                    _hurry = null;
                    return;
                }

                if (_hurry!.IsCancellationRequested)
                {
                    _hurry.Dispose();
                    _hurry = new CancellationTokenSource();
                    pause = PollPause.Shortest;
                }

                hurry = _hurry;
            }

            try
            {
                await Task.Delay(pause, time, pause == PollPause.Shortest ? CancellationToken.None : hurry.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                continue;
            }

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
}

/// <summary>Pauses between looks: short at first, half a second at most.</summary>
internal static class PollPause
{
    public static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(500);

    public static TimeSpan After(TimeSpan pause) => pause + pause < Longest ? pause + pause : Longest;
}
