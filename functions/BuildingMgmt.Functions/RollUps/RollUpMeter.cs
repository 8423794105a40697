using System.Diagnostics.Metrics;

namespace BuildingMgmt.Functions.RollUps;

/// <summary>What this process has rolled up: the meter <c>BuildingMgmt.RollUps</c>.</summary>
internal sealed class RollUpMeter
{
    public const string Name = "BuildingMgmt.RollUps";

    private readonly Counter<long> buckets;
    private readonly Counter<long> repaired;
    private long oldestSeconds;

    public RollUpMeter(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        buckets = meter.CreateCounter<long>("roll_ups.buckets", "{bucket}", "Hours of points that were computed");
        repaired = meter.CreateCounter<long>("roll_ups.repaired", "{bucket}", "Hours of points that were another before");
        meter.CreateObservableGauge(
            "roll_ups.oldest", () => Interlocked.Read(ref oldestSeconds), "s", "For how long the oldest hour that is over waits, by the last run");
    }

    public void Ran(RollUpCount count, long oldest)
    {
        buckets.Add(count.Buckets);
        repaired.Add(count.Repaired);
        Interlocked.Exchange(ref oldestSeconds, oldest);
    }
}
