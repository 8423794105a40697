using Npgsql;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Writes what is kept about a slice besides its readings: dead letters, ledger, and how far the partition is stored.</summary>
internal static class IngestRecords
{
    /// <summary>The gateway that events are counted under which do not say theirs.</summary>
    public const string UnknownGateway = "(unknown)";

    private const string DeadLetterSql = """
        INSERT INTO dead_letter (hub, partition_id, sequence_number, enqueued_at, gateway_id, batch_id, reason, detail, readings, content)
        SELECT $1, $2, given.*
        FROM unnest($3, $4, $5, $6, $7, $8, $9, $10)
            AS given (sequence_number, enqueued_at, gateway_id, batch_id, reason, detail, readings, content)
        """;

    // Rows are given by gateway and day: two partitions that bring events of the same gateways lock them in the same order.
    private const string LedgerSql = """
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

    private const string PositionSql = """
        UPDATE ingest_position SET sequence_number = $3, enqueued_at = $4 WHERE hub = $1 AND partition_id = $2
        """;

    public static async Task WriteAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        HubPartition partition,
        EventSlice slice,
        StoredSlice result,
        CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        if (DeadLetters(partition, slice, result) is { } deadLetters)
            batch.BatchCommands.Add(deadLetters);
        batch.BatchCommands.Add(Ledger(slice, result));
        var last = slice.Events[^1];
        batch.BatchCommands.Add(Command(
            PositionSql, One(partition.Hub), One(partition.PartitionId), One(last.SequenceNumber), One(last.EnqueuedAt)));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlBatchCommand? DeadLetters(HubPartition partition, EventSlice slice, StoredSlice result)
    {
        var letters = new List<DeadLetter>();
        foreach (var letter in slice.DeadLetters)
        {
            if (!result.IsSkipped[letter.EventIndex])
                letters.Add(letter);
        }

        return letters.Count == 0 ? null : Command(
            DeadLetterSql,
            One(partition.Hub),
            One(partition.PartitionId),
            Many(letters, letter => slice.Events[letter.EventIndex].SequenceNumber),
            Many(letters, letter => slice.Events[letter.EventIndex].EnqueuedAt),
            Many(letters, letter => letter.GatewayId),
            Many(letters, letter => letter.BatchId),
            Many(letters, letter => letter.Reason),
            Many(letters, letter => letter.Detail),
            Many(letters, letter => letter.Readings),
            Many(letters, letter => letter.Content));
    }

    private static NpgsqlBatchCommand Ledger(EventSlice slice, StoredSlice result)
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
            LedgerSql,
            Many(entries, entry => entry.Key.GatewayId),
            Many(entries, entry => entry.Key.Day),
            Many(entries, entry => entry.Value.Events),
            Many(entries, entry => entry.Value.Stored),
            Many(entries, entry => entry.Value.Duplicate),
            Many(entries, entry => entry.Value.DeadLettered));
    }

    private static NpgsqlBatchCommand Command(string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var parameter in parameters)
            command.Parameters.Add(parameter);
        return command;
    }

    private static NpgsqlParameter<T> One<T>(T value) => new() { TypedValue = value };

    private static NpgsqlParameter<TValue[]> Many<TItem, TValue>(IEnumerable<TItem> items, Func<TItem, TValue> value) =>
        new() { TypedValue = items.Select(value).ToArray() };

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
