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
    private readonly Lane _together = new(itemsMax);
    private readonly Lane _oneByOne = new(1);

    /// <param name="alone">In a call of its own, beside those of the others: one that may be to blame for a failure must neither spoil others again
    /// nor have them wait for it.</param>
    public Task<TReceipt> AddAsync(TItem item, bool alone = false)
    {
        var waiting = new Waiting(item);
        var lane = alone ? _oneByOne : _together;
        lane.Waiting.Enqueue(waiting);
        if (!lane.UnderWay)
            _ = CommitAllAsync(lane);
        return waiting.Receipt.Task;
    }

    private async Task CommitAllAsync(Lane lane)
    {
        lane.UnderWay = true;
        while (lane.Waiting.Count > 0)
        {
            var batch = NextBatch(lane);
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

        lane.UnderWay = false;
    }

    private List<Waiting> NextBatch(Lane lane)
    {
        var first = lane.Waiting.Dequeue();
        var batch = new List<Waiting> { first };
        var weight = weigh(first.Item);
        while (batch.Count < lane.ItemsMax && lane.Waiting.TryPeek(out var next))
        {
            weight += weigh(next.Item);
            if (weight > weightMax)
                break;
            batch.Add(lane.Waiting.Dequeue());
        }

        return batch;
    }

    private sealed class Lane(int itemsMax)
    {
        public int ItemsMax { get; } = itemsMax;

        public Queue<Waiting> Waiting { get; } = new();

        public bool UnderWay { get; set; }
    }

    private sealed class Waiting(TItem item)
    {
        public TItem Item { get; } = item;

        public TaskCompletionSource<TReceipt> Receipt { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
