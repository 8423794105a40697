using System.Globalization;

namespace BuildingMgmt.Simulator.Replay;

/// <summary>What became of a replay's readings, each counted once.</summary>
/// <param name="Sent">Readings of the data set that have a value.</param>
/// <param name="Repeated">Arrived once more, because an acknowledgement was lost and the events were sent again.</param>
/// <param name="Problem">Why the accounts do not close; null when they do.</param>
internal sealed record ReplayOutcome(long Sent, LedgerCounts Counts, long Repeated, string? Problem)
{
    /// <summary>The replay's last line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"sent {Sent} stored {Counts.Stored} duplicate {Counts.Duplicate} dead-lettered {Counts.DeadLettered}");
}
