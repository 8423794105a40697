using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Keeps what of a slice could not be stored, each with its reason and its bytes.</summary>
internal static class DeadLetterWriter
{
    private const string InsertSql = """
        INSERT INTO dead_letter (hub, partition_id, sequence_number, enqueued_at, gateway_id, batch_id, reason, detail, readings, content)
        SELECT $1, $2, given.*
        FROM unnest($3, $4, $5, $6, $7, $8, $9, $10)
            AS given (sequence_number, enqueued_at, gateway_id, batch_id, reason, detail, readings, content)
        """;

    /// <summary>Inserts the dead letters of those events that were not stored before.</summary>
    /// <returns>Null when there are none.</returns>
    public static NpgsqlBatchCommand? InsertCommand(HubPartition partition, EventSlice slice, StoredSlice result)
    {
        var letters = new List<DeadLetter>();
        foreach (var letter in slice.DeadLetters)
        {
            if (!result.IsSkipped[letter.EventIndex])
                letters.Add(letter);
        }

        return letters.Count == 0 ? null : Command(
            InsertSql,
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
}
