using System.Globalization;
using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>A dead letter that is locked to be tried again.</summary>
/// <param name="Values">Which of the content's values it stands for; null when all.</param>
internal sealed record OpenLetter(
    long DeadLetterId,
    long SequenceNumber,
    DateTime EnqueuedAt,
    string? GatewayId,
    string? BatchId,
    int Readings,
    byte[] Content,
    bool IsWhole,
    byte[]? Values,
    string? ContentEncoding,
    string? ContentType,
    bool IsPosted,
    string? DeviceId,
    bool Correction);

/// <summary>Takes dead letters that are to be tried again, a portion for a transaction.</summary>
internal static class OpenLetters
{
    private const int LettersMax = 500;

    // Packed events grow when they are read, to EventMiBMax each at most.
    private const int BytesMax = 4 * 1024 * 1024;

    /// <summary>The letters of a filter that come next, by their numbers and without locking them.</summary>
    public static async Task<List<long>> FindAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, DeadLetterFilter filter, long after, CancellationToken cancellationToken)
    {
        var sql = string.Create(CultureInfo.InvariantCulture, $"""
            SELECT d.dead_letter_id, octet_length(d.content)
            FROM dead_letter d LEFT JOIN gateway g USING (gateway_id)
            WHERE {DeadLetterFilter.Sql} AND d.dead_letter_id > $7
            ORDER BY d.dead_letter_id
            LIMIT {LettersMax}
            """);
        await using var command = new NpgsqlCommand(sql, connection, transaction);
        command.Parameters.AddRange(filter.Parameters(One(after)));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<long> found = [];
        for (var bytes = 0L; bytes < BytesMax && await reader.ReadAsync(cancellationToken); bytes += reader.GetInt32(1))
            found.Add(reader.GetInt64(0));
        return found;
    }

    /// <summary>Locks letters until the transaction's end, and reads them: those which are still open.</summary>
    /// <param name="waits">Whether to wait for one that another transaction has locked; else it is left to that one.</param>
    public static async Task<List<OpenLetter>> LockAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, IEnumerable<long> ids, bool waits, CancellationToken cancellationToken)
    {
        var sql = $"""
            SELECT dead_letter_id, sequence_number, enqueued_at, gateway_id, batch_id, readings, content, is_whole, bad_values, content_encoding,
                   content_type, is_posted, device_id, correction
            FROM dead_letter
            WHERE dead_letter_id = ANY($1) AND replayed_at IS NULL
            ORDER BY dead_letter_id
            FOR UPDATE {(waits ? "" : "SKIP LOCKED")}
            """;
        await using var command = new NpgsqlCommand(sql, connection, transaction) { Parameters = { Many(ids, id => id) } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<OpenLetter> letters = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            letters.Add(new OpenLetter(
                reader.GetInt64(0), reader.GetInt64(1), reader.GetDateTime(2), Text(reader, 3), Text(reader, 4), reader.GetInt32(5),
                reader.GetFieldValue<byte[]>(6), reader.GetBoolean(7), reader.IsDBNull(8) ? null : reader.GetFieldValue<byte[]>(8), Text(reader, 9),
                Text(reader, 10), reader.GetBoolean(11), Text(reader, 12), reader.GetBoolean(13)));
        }

        return letters;
    }

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
