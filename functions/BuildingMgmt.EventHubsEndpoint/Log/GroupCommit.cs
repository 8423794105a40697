namespace BuildingMgmt.EventHubsEndpoint.Log;

/// <summary>
/// One thread that stores what many senders append: while a group is on its way to the disk, the next one gathers, so that all of a group
/// share one fsync.
/// </summary>
internal sealed class GroupCommit : IDisposable
{
    private const int GroupBytesMax = 8 * 1024 * 1024;

    private readonly Func<List<PendingAppend>, string?> _store;
    private readonly Thread _thread;

    // Guarded by _queue.
    private readonly Queue<PendingAppend> _queue = new();
    private bool _stopping;
    private int _groupsToAnswer;

    /// <param name="store">Stores a group and waits for the disk; says why nothing was stored, or null. Never throws.</param>
    public GroupCommit(string name, Func<List<PendingAppend>, string?> store)
    {
        _store = store;
        // A thread of its own: fsync blocks for milliseconds, and the pool of a two-core machine has two threads.
        _thread = new Thread(Write) { Name = name, IsBackground = true };
        _thread.Start();
    }

    /// <summary>Takes events for storing; returns at once. Its outcome is called in every case, before <see cref="Dispose"/> returns.</summary>
    public void Add(PendingAppend append)
    {
        lock (_queue)
        {
            if (!_stopping)
            {
                _queue.Enqueue(append);
                if (_queue.Count == 1)
                    Monitor.Pulse(_queue);
                return;
            }
        }
        append.OnRejected("the endpoint is stopping");
    }

    /// <summary>Stores and answers what was taken, then stops.</summary>
    public void Dispose()
    {
        lock (_queue)
        {
            _stopping = true;
            Monitor.Pulse(_queue);
        }
        _thread.Join();
        lock (_queue)
        {
            while (_groupsToAnswer > 0)
                Monitor.Wait(_queue);
        }
    }

    private void Write()
    {
        while (TakeGroup() is { } group)
        {
            var failure = _store(group);
            lock (_queue)
                _groupsToAnswer++;
            // Senders are answered elsewhere: the next group need not wait for their sockets.
            ThreadPool.UnsafeQueueUserWorkItem(
                static done => done.commits.Answer(done.group, done.failure), (commits: this, group, failure), preferLocal: false);
        }
    }

    private void Answer(List<PendingAppend> group, string? failure)
    {
        foreach (var append in group)
        {
            if (failure is null)
                append.OnAccepted();
            else
                append.OnRejected(failure);
        }
        lock (_queue)
        {
            _groupsToAnswer--;
            Monitor.PulseAll(_queue);
        }
    }

    /// <returns>All that waits, up to what one write should carry; null when stopping and nothing is left.</returns>
    private List<PendingAppend>? TakeGroup()
    {
        lock (_queue)
        {
            while (_queue.Count == 0)
            {
                if (_stopping)
                    return null;
                Monitor.Wait(_queue);
            }
            var group = new List<PendingAppend>(_queue.Count);
            for (var bytes = 0; bytes < GroupBytesMax && _queue.TryDequeue(out var append); bytes += append.Payload.Length)
                group.Add(append);
            return group;
        }
    }
}
