using System.Collections.Concurrent;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.DeadLetters;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Stores what gateways sent: readings in PostgreSQL, exactly once, and then the latest values in the table store.</summary>
public sealed class TelemetryIngest
{
    private readonly ConcurrentBag<Workspace> workspaces = [];
    private readonly CatalogueCache catalogue;
    private readonly ReadingMonths months;
    private readonly ReadingStore store;
    private readonly SliceLatestValues latestValues;
    private readonly IngestMeter meter;
    private readonly IngestOptions options;
    private readonly TimeProvider time;
    private readonly ILogger<TelemetryIngest> logger;

    internal TelemetryIngest(
        CatalogueCache catalogue,
        ReadingMonths months,
        ReadingStore store,
        SliceLatestValues latestValues,
        IngestMeter meter,
        IOptions<IngestOptions> options,
        TimeProvider time,
        ILogger<TelemetryIngest> logger)
    {
        this.catalogue = catalogue;
        this.months = months;
        this.store = store;
        this.latestValues = latestValues;
        this.meter = meter;
        this.options = options.Value;
        this.time = time;
        this.logger = logger;
    }

    /// <summary>
    /// Stores events of one partition, in their order. When it returns, every reading is stored, known as a duplicate, or
    /// dead-lettered, and the latest values say so.
    /// </summary>
    /// <exception cref="Exception">A store is away or refused. Call again with the same events: what is stored already is skipped.</exception>
    public async Task StoreAsync(IReadOnlyList<IncomingEvent> events, HubPartition partition, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(events);
        if (!workspaces.TryTake(out var workspace))
            workspace = new Workspace();
        try
        {
            for (var first = 0; first < events.Count;)
            {
                // Between slices only.
                cancellationToken.ThrowIfCancellationRequested();
                first += await StoreSliceAsync(events, first, partition, workspace);
            }
        }
        finally
        {
            workspace.Slice.Clear();
            workspaces.Add(workspace);
        }
    }

    private async Task<int> StoreSliceAsync(
        IReadOnlyList<IncomingEvent> events, int first, HubPartition partition, Workspace workspace)
    {
        // No token in here: a slice that was begun is finished, in the seconds that a stopping instance has. To return early
        // would let the checkpoint pass events that are not stored.
        var (slice, order) = (workspace.Slice, workspace.Order);
        var snapshot = await catalogue.GetAsync(CancellationToken.None);
        var taken = slice.Fill(events, first, snapshot, time.GetUtcNow(), options);
        if (slice.MetUnknown && await catalogue.RefreshAsync(CancellationToken.None) is var newer && newer != snapshot)
        {
            snapshot = newer;
            taken = slice.Fill(events, first, snapshot, time.GetUtcNow(), options);
        }

        await months.EnsureAsync(slice.Readings, CancellationToken.None);
        StoredSlice result;
        try
        {
            result = await store.StoreAsync(partition, slice, order, CancellationToken.None);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.CheckViolation)
        {
            // A month's partition was dropped or detached since it was last seen; the next attempt makes or attaches it again.
            months.Forget();
            throw;
        }

        if (result.SkippedEvents < slice.Events.Count)
        {
            meter.Stored(slice, result, time.GetUtcNow());
            LogDeadLetters(partition, slice, result);
        }

        await latestValues.WriteAsync(slice, order, result, snapshot, CancellationToken.None);
        return taken;
    }

    private void LogDeadLetters(HubPartition partition, EventSlice slice, StoredSlice result)
    {
        var (readings, events) = (0, 0);
        for (var index = 0; index < slice.Events.Count; index++)
        {
            if (!result.IsSkipped[index] && slice.Events[index].DeadLettered > 0)
            {
                readings += slice.Events[index].DeadLettered;
                events++;
            }
        }

        if (events == 0)
            return;
        var firstLetter = slice.DeadLetters.Find(letter => !result.IsSkipped[letter.EventIndex])!;
        logger.DeadLettered(readings, events, partition.PartitionId, firstLetter.Reason, firstLetter.Detail);
    }

    private sealed class Workspace
    {
        public EventSlice Slice { get; } = new();

        public ReadingOrder Order { get; } = new();
    }
}
