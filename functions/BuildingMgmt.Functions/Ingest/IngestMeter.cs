using System.Diagnostics.Metrics;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>What this process has ingested: the meter <c>BuildingMgmt.Ingest</c>.</summary>
internal sealed class IngestMeter
{
    public const string Name = "BuildingMgmt.Ingest";

    private readonly Counter<long> stored;
    private readonly Counter<long> duplicate;
    private readonly Counter<long> deadLettered;
    private readonly Histogram<double> lag;

    public IngestMeter(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        stored = meter.CreateCounter<long>("ingest.stored", "{reading}", "Readings stored");
        duplicate = meter.CreateCounter<long>("ingest.duplicate", "{reading}", "Readings that were stored already");
        deadLettered = meter.CreateCounter<long>("ingest.dead_lettered", "{reading}", "Readings that could not be stored");
        lag = meter.CreateHistogram<double>("ingest.lag", "s", "From the hub's acceptance of an event to its commit");
    }

    public void Stored(EventSlice slice, StoredSlice result, DateTimeOffset now)
    {
        var (readings, duplicates, bad) = (0L, 0L, 0L);
        for (var index = 0; index < slice.Events.Count; index++)
        {
            if (result.IsSkipped[index])
                continue;
            readings += slice.Events[index].Readings;
            duplicates += result.Duplicates[index];
            bad += slice.Events[index].DeadLettered;
        }

        stored.Add(readings - duplicates);
        duplicate.Add(duplicates);
        deadLettered.Add(bad);
        lag.Record((now.UtcDateTime - slice.Events[^1].EnqueuedAt).TotalSeconds);
    }
}
