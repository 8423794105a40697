using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Counts what each gateway sent on each day, and what became of it.</summary>
internal static class GatewayLedger
{
    /// <summary>The gateway that events are counted under which do not say theirs.</summary>
    public const string UnknownGateway = "(unknown)";

    // Rows are given by gateway and day: two partitions that bring events of the same gateways lock them in the same order.
    private const string AddSql = """
        INSERT INTO gateway_ledger AS ledger (gateway_id, day, events, sent, stored, duplicate, dead_lettered)
        SELECT gateway_id, day, events, stored + duplicate + dead_lettered, stored, duplicate, dead_lettered
        FROM unnest($1, $2, $3, $4, $5, $6) AS given (gateway_id, day, events, stored, duplicate, dead_lettered)
        ON CONFLICT (gateway_id, day) DO UPDATE SET
            events = ledger.events + excluded.events,
            sent = ledger.sent + excluded.sent,
            stored = ledger.stored + excluded.stored,
            duplicate = ledger.duplicate + excluded.duplicate,
            dead_lettered = ledger.dead_lettered + excluded.dead_lettered
        """;

    /// <summary>Adds the events of the slice that were not stored before.</summary>
    public static NpgsqlBatchCommand AddCommand(EventSlice slice, StoredSlice result)
    {
        var entries = new SortedDictionary<(string GatewayId, DateOnly Day), Counts>(ByGatewayAndDay.Instance);
        for (var index = 0; index < slice.Events.Count; index++)
        {
            if (result.IsSkipped[index])
                continue;
            var entry = slice.Events[index];
            var key = (entry.GatewayId ?? UnknownGateway, DateOnly.FromDateTime(entry.EnqueuedAt));
            var counts = entries.GetValueOrDefault(key);
            counts.Events++;
            counts.Duplicate += result.Duplicates[index];
            counts.Stored += entry.Readings - result.Duplicates[index];
            counts.DeadLettered += entry.DeadLettered;
            entries[key] = counts;
        }

        return Command(
            AddSql,
            Many(entries, entry => entry.Key.GatewayId),
            Many(entries, entry => entry.Key.Day),
            Many(entries, entry => entry.Value.Events),
            Many(entries, entry => entry.Value.Stored),
            Many(entries, entry => entry.Value.Duplicate),
            Many(entries, entry => entry.Value.DeadLettered));
    }

    private struct Counts
    {
        public long Events;
        public long Stored;
        public long Duplicate;
        public long DeadLettered;
    }

    private sealed class ByGatewayAndDay : IComparer<(string GatewayId, DateOnly Day)>
    {
        public static readonly ByGatewayAndDay Instance = new();

        public int Compare((string GatewayId, DateOnly Day) x, (string GatewayId, DateOnly Day) y)
        {
            var byGateway = string.CompareOrdinal(x.GatewayId, y.GatewayId);
            return byGateway != 0 ? byGateway : x.Day.CompareTo(y.Day);
        }
    }
}
