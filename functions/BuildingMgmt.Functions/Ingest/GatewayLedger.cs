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
        var entries = new LedgerEntries();
        for (var index = 0; index < slice.Events.Count; index++)
        {
            if (!result.IsSkipped[index])
                entries.Add(slice.Events[index].GatewayId, slice.Events[index].EnqueuedAt, Counts(slice, result, index) with { Events = 1 });
        }

        return AddCommand(entries);
    }

    /// <summary>Adds what is given; less than nothing takes away from what was added before.</summary>
    public static NpgsqlBatchCommand AddCommand(LedgerEntries entries) => Command(
        AddSql,
        Many(entries.Sorted, entry => entry.Key.GatewayId),
        Many(entries.Sorted, entry => entry.Key.Day),
        Many(entries.Sorted, entry => entry.Value.Events),
        Many(entries.Sorted, entry => entry.Value.Stored),
        Many(entries.Sorted, entry => entry.Value.Duplicate),
        Many(entries.Sorted, entry => entry.Value.DeadLettered));

    /// <summary>What became of the readings of one event.</summary>
    public static LedgerCounts Counts(EventSlice slice, StoredSlice result, int eventIndex)
    {
        var entry = slice.Events[eventIndex];
        var duplicates = result.Duplicates[eventIndex];
        return new LedgerCounts(0, entry.Readings - duplicates, duplicates, entry.DeadLettered);
    }
}

/// <summary>Events and readings of one gateway and day. How many were sent is the sum of what became of them.</summary>
internal readonly record struct LedgerCounts(long Events, long Stored, long Duplicate, long DeadLettered)
{
    public static LedgerCounts operator +(LedgerCounts left, LedgerCounts right) => new(
        left.Events + right.Events, left.Stored + right.Stored, left.Duplicate + right.Duplicate, left.DeadLettered + right.DeadLettered);
}

/// <summary>What is added to the ledgers of several gateways and days, in the order in which their rows are locked.</summary>
internal sealed class LedgerEntries
{
    private readonly SortedDictionary<(string GatewayId, DateOnly Day), LedgerCounts> entries = new(ByGatewayAndDay.Instance);

    public IReadOnlyDictionary<(string GatewayId, DateOnly Day), LedgerCounts> Sorted => entries;

    /// <param name="gatewayId">Null counts under <see cref="GatewayLedger.UnknownGateway"/>.</param>
    /// <param name="enqueuedAt">When the hub accepted the event, UTC.</param>
    public void Add(string? gatewayId, DateTime enqueuedAt, LedgerCounts counts)
    {
        var key = (gatewayId ?? GatewayLedger.UnknownGateway, DateOnly.FromDateTime(enqueuedAt));
        entries[key] = entries.GetValueOrDefault(key) + counts;
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
