using System.Runtime.InteropServices;
using Azure;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.LatestValues;

/// <summary>
/// Writes one floor's entity for this process. One write is under way at a time; what comes meanwhile is merged into the next,
/// so that a floor costs few table calls however many batches bring values for it. It remembers what it wrote, and
/// writes on condition that nobody else did since: only then it has to read.
/// </summary>
internal sealed class FloorLatestValueWriter(
    Guid floorId, LatestValueTable table, NewestReadings newestReadings, LatestValueChanges changes, Action lost, ILogger logger)
{
    // Each failed attempt means that another instance has written. With a handful of instances ten in a row do not happen.
    private const int AttemptsMax = 10;

    private readonly Lock gate = new();
    private Queued? queued;
    private bool isWriting;

    // The rest belongs to the one write that is under way.
    private FloorLatestValues known = FloorLatestValues.Empty;
    private ETag? tag;
    private bool wasRead;
    private bool isBehind;
    private bool isFull;

    /// <summary>Writes the newer ones of these values; together with what else waits.</summary>
    /// <param name="compare">Reads the entity first, rather than trust that it is as it was written.</param>
    /// <returns>How many points the write changed, when it is done.</returns>
    public Task<int> WriteAsync(IEnumerable<LatestValue> values, bool compare)
    {
        lock (gate)
        {
            queued ??= new Queued();
            queued.Values.AddRange(values);
            queued.Compare |= compare;
            if (!isWriting)
            {
                isWriting = true;
                _ = Task.Run(DrainAsync);
            }

            return queued.Done.Task;
        }
    }

    // Takes no caller's token: one write is shared by all who wait for it, and one of them leaving must not end it for the rest.
    private async Task DrainAsync()
    {
        while (true)
        {
            Queued next;
            lock (gate)
            {
                if (queued is null)
                {
                    isWriting = false;
                    return;
                }

                (next, queued) = (queued, null);
            }

            try
            {
                next.Done.SetResult(await WriteQueuedAsync(next));
            }
            catch (Exception exception)
            {
                // Whoever waits gets it, and comes again with the same values.
                next.Done.SetException(exception);
            }
        }
    }

    private async Task<int> WriteQueuedAsync(Queued next)
    {
        var disputed = new List<int>();
        LatestValueMerge.Sort(next.Values, disputed);
        if (next.Compare || !wasRead)
            await ReadAsync();
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var (merged, changed) = await MergeAsync(known, next.Values, disputed);
            if (changed == 0 && tag is not null && !isBehind)
                return 0;
            var values = Pack(merged);
            if (await table.TryWriteAsync(floorId, values, tag, CancellationToken.None) is { } written)
            {
                (known, tag, isBehind) = (values, written, false);
                changes.Publish(floorId, values);
                return changed;
            }

            await ReadAsync();
        }

        throw new InvalidOperationException(
            $"The latest values of floor {floorId} could not be written: {AttemptsMax} times another instance was faster. They are tried again.");
    }

    // Takes the entity as it is now. What this process wrote and the entity no longer has was lost: a table store that is
    // killed may forget what it acknowledged.
    private async Task ReadAsync()
    {
        var stored = await table.ReadAsync(floorId, CancellationToken.None);
        var (merged, missing) = await MergeAsync(stored?.Values ?? FloorLatestValues.Empty, Unpack(known), []);
        if ((stored is null && tag is not null) || missing > 0)
            lost();
        isBehind = missing > 0 || stored is { Values: null };
        known = Pack(merged);
        tag = stored?.Tag;
        wasRead = true;
    }

    private async Task<(List<LatestValue> Merged, int Changed)> MergeAsync(
        FloorLatestValues current, List<LatestValue> update, List<int> alreadyDisputed)
    {
        var merged = new List<LatestValue>(current.Count + update.Count);
        var disputed = new List<int>(alreadyDisputed);
        var changed = LatestValueMerge.Merge(current, CollectionsMarshal.AsSpan(update), merged, disputed);
        if (disputed.Count > 0)
            changed += LatestValueMerge.Settle(merged, await newestReadings.ReadAsync([.. disputed.Distinct()], CancellationToken.None));
        return (merged, changed);
    }

    private FloorLatestValues Pack(List<LatestValue> values)
    {
        if (values.Count <= FloorLatestValues.PointsMax)
            return FloorLatestValues.Pack(CollectionsMarshal.AsSpan(values));
        if (!isFull)
            logger.LatestValuesFloorFull(floorId, values.Count, FloorLatestValues.PointsMax);
        isFull = true;
        return FloorLatestValues.Pack(CollectionsMarshal.AsSpan(values)[..FloorLatestValues.PointsMax]);
    }

    private static List<LatestValue> Unpack(FloorLatestValues values)
    {
        var list = new List<LatestValue>(values.Count);
        for (var index = 0; index < values.Count; index++)
            list.Add(values[index]);
        return list;
    }

    private sealed class Queued
    {
        public List<LatestValue> Values { get; } = [];

        public bool Compare { get; set; }

        public TaskCompletionSource<int> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
