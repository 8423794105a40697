using System.Globalization;

namespace BuildingMgmt.Simulator.Replay;

/// <summary>What became of a replay's readings, each counted once.</summary>
/// <param name="Sent">Readings of the data set that have a value.</param>
/// <param name="Repeated">Arrived once more, because an acknowledgement was lost and the events were sent again.</param>
/// <param name="Problem">Why the accounts do not close; null when they do.</param>
internal sealed record ReplayOutcome(long Sent, LedgerCounts Counts, long Repeated, string? Problem)
{
    /// <summary>Compares what was sent with what the ledger says has arrived since then.</summary>
    /// <param name="sent">Readings handed to the hub, each counted once.</param>
    /// <param name="uncertain">Readings sent again without knowing whether they had arrived.</param>
    /// <param name="ledger">What the ledger counted during the run.</param>
    public static ReplayOutcome Settle(long sent, long uncertain, LedgerCounts ledger)
    {
        var repeated = ledger.Accounted - sent;
        if (repeated < 0)
            return new ReplayOutcome(sent, ledger, 0, $"{-repeated} of {sent} readings are in no account.");
        if (repeated > uncertain)
        {
            return new ReplayOutcome(sent, ledger, 0,
                $"{repeated} readings more than were sent arrived under the same gateways. Is another replay of this data set running?");
        }

        // The second arrival of a reading is a duplicate when the first was stored, or a dead letter again.
        var duplicates = Math.Min(repeated, ledger.Duplicate);
        return new ReplayOutcome(
            sent,
            ledger with { Duplicate = ledger.Duplicate - duplicates, DeadLettered = ledger.DeadLettered - (repeated - duplicates) },
            repeated,
            null);
    }

    /// <summary>The replay's last line.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"sent {Sent} stored {Counts.Stored} duplicate {Counts.Duplicate} dead-lettered {Counts.DeadLettered}");
}
