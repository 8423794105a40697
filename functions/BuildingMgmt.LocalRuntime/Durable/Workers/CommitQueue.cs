namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>
/// Puts what comes while a call is under way together into the next one: with many at work a call costs each of them a part, and one who is
/// alone waits for nobody. Belongs to one synchronization context.
/// </summary>
/// <param name="commit">Gives a receipt for each item, in order.</param>
/// <param name="weigh">What an item adds to a call; one that is heavier than the bound goes by itself.</param>
internal sealed class CommitQueue<TItem, TReceipt>(
    Func<IReadOnlyList<TItem>, Task<IReadOnlyList<TReceipt>>> commit, int itemsMax, Func<TItem, int> weigh, int weightMax)
{
    private readonly Queue<Waiting> _waiting = new();
    private bool _underWay;

    public int Count => _waiting.Count;

    /// <param name="alone">In a call of its own: one that may be to blame for a failure must not spoil others again.</param>
    public Task<TReceipt> AddAsync(TItem item, bool alone = false)
    {
        var waiting = new Waiting(item, alone);
        _waiting.Enqueue(waiting);
        if (!_underWay)
            _ = CommitWaitingAsync();
        return waiting.Receipt.Task;
    }

    private async Task CommitWaitingAsync()
    {
        _underWay = true;
        while (_waiting.Count > 0)
        {
            var batch = NextBatch();
            try
            {
                var receipts = await commit([.. batch.Select(waiting => waiting.Item)]);
                for (var i = 0; i < batch.Count; i++)
                    batch[i].Receipt.SetResult(receipts[i]);
            }
            catch (Exception e)
            {
                // Also a commit that gave too few receipts: nobody may wait for ever.
                foreach (var waiting in batch)
                    waiting.Receipt.TrySetException(e);
            }
        }

        _underWay = false;
    }

    private List<Waiting> NextBatch()
    {
        var first = _waiting.Dequeue();
        var batch = new List<Waiting> { first };
        var weight = weigh(first.Item);
        while (!first.Alone && batch.Count < itemsMax && _waiting.TryPeek(out var next) && !next.Alone)
        {
            weight += weigh(next.Item);
            if (weight > weightMax)
                break;
            batch.Add(_waiting.Dequeue());
        }

        return batch;
    }

    private sealed class Waiting(TItem item, bool alone)
    {
        public TItem Item { get; } = item;

        public bool Alone { get; } = alone;

        public TaskCompletionSource<TReceipt> Receipt { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
