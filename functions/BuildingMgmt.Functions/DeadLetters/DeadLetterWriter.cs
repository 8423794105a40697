using System.Text;
using BuildingMgmt.Functions.Ingest;
using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>Keeps what of a slice could not be stored, each with its reason and its bytes.</summary>
internal static class DeadLetterWriter
{
    private const string InsertSql = """
        INSERT INTO dead_letter (
            hub, partition_id, sequence_number, enqueued_at, gateway_id, batch_id, reason, detail, readings, content,
            is_whole, bad_values, content_encoding, content_type, is_posted, device_id, correction)
        SELECT $1, $2, given.*
        FROM unnest($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) AS given
        """;

    // What a sender may write without a bound.
    private const int TextBytesMax = 256;

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
            Many(letters, letter => letter.Content),
            Many(letters, letter => letter.IsWhole),
            Many(letters, letter => letter.Values),
            Many(letters, letter => Text(letter.ContentEncoding)),
            Many(letters, letter => Text(letter.ContentType)),
            Many(letters, letter => letter.IsPosted),
            Many(letters, letter => Text(letter.DeviceId)),
            Many(letters, letter => letter.Correction));
    }

    // PostgreSQL takes neither NUL nor half of a surrogate pair, and a dead letter must never be refused.
    private static string? Text(string? text) => text is null ? null : JsonText.Describe(Encoding.UTF8.GetBytes(text), TextBytesMax);
}
