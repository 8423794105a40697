using System.Diagnostics.Metrics;

namespace BuildingMgmt.Functions.Dashboards;

/// <summary>How often this process answers dashboards from memory: the meter <c>BuildingMgmt.Dashboards</c>.</summary>
public sealed class DashboardMeter
{
    /// <summary>Name of the meter.</summary>
    public const string Name = "BuildingMgmt.Dashboards";

    private long hits;
    private long misses;
    private long storeReads;

    /// <summary>Makes the meter.</summary>
    public DashboardMeter(IMeterFactory meters)
    {
        ArgumentNullException.ThrowIfNull(meters);
        var meter = meters.Create(Name);
        // Observed, so that what is measured outside and what the API answers are the same counts.
        meter.CreateObservableCounter("dashboard.hits", () => Volatile.Read(ref hits), "{answer}", "Floors that were ready when they were asked for");
        meter.CreateObservableCounter("dashboard.misses", () => Volatile.Read(ref misses), "{answer}", "Floors whose caller waited for them to be made");
        meter.CreateObservableCounter("dashboard.store_reads", () => Volatile.Read(ref storeReads), "{read}", "Reads of the table store");
    }

    /// <summary>A floor was answered: ready when it was asked for, or not.</summary>
    public void Answered(bool isHit)
    {
        if (isHit)
            Interlocked.Increment(ref hits);
        else
            Interlocked.Increment(ref misses);
    }

    /// <summary>The table store was read.</summary>
    public void StoreRead() => Interlocked.Increment(ref storeReads);

    /// <summary>What was counted so far.</summary>
    public DashboardCounts Counts()
    {
        var (hit, missed) = (Volatile.Read(ref hits), Volatile.Read(ref misses));
        var answers = hit + missed;
        return new DashboardCounts(hit, missed, Volatile.Read(ref storeReads), answers == 0 ? null : (double)hit / answers);
    }
}
