using BuildingMgmt.Functions.Postgres;
using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>A dead letter as the API shows it, without its bytes.</summary>
/// <param name="Status">open while it has readings that are not stored, else replayed.</param>
/// <param name="GatewayId">Null when its event did not say it in a way that could be read.</param>
/// <param name="BuildingId">The gateway's building; null when the catalogue does not have the gateway.</param>
/// <param name="Readings">How many values it stands for.</param>
/// <param name="IsWholeEvent">Whether its bytes are the event as it came, still packed; else they are one reading of it.</param>
/// <param name="EnqueuedAt">When the hub accepted the event.</param>
/// <param name="ReceivedAt">When it became a dead letter.</param>
/// <param name="Attempts">How often it was tried again in vain.</param>
public sealed record DeadLetterRow(
    long DeadLetterId,
    string Status,
    string? GatewayId,
    Guid? BuildingId,
    string? BatchId,
    string Reason,
    string Detail,
    int Readings,
    bool IsWholeEvent,
    bool IsCorrection,
    int ContentBytes,
    string? ContentEncoding,
    string? ContentType,
    string? DeviceId,
    string Hub,
    string PartitionId,
    long SequenceNumber,
    DateTime EnqueuedAt,
    DateTime ReceivedAt,
    int Attempts,
    DateTime? AttemptedAt,
    DateTime? ReplayedAt,
    string? ReplayedBy);

/// <summary>A dead letter with its bytes.</summary>
/// <param name="ContentText">The bytes as text; null when they are no UTF-8, as packed ones are not.</param>
public sealed record DeadLetterWithContent(DeadLetterRow DeadLetter, byte[] ContentBase64, string? ContentText);

/// <summary>Reads dead letters from PostgreSQL.</summary>
public sealed class DeadLetterQueries(PostgresPools pools)
{
    private const string Columns = """
        d.dead_letter_id, CASE WHEN d.replayed_at IS NULL THEN 'open' ELSE 'replayed' END, d.gateway_id, g.building_id, d.batch_id, d.reason,
        d.detail, d.readings, d.is_whole, d.correction, octet_length(d.content), d.content_encoding, d.content_type, d.device_id, d.hub,
        d.partition_id, d.sequence_number, d.enqueued_at, d.received_at, d.attempts, d.attempted_at, d.replayed_at, d.replayed_by
        """;

    /// <summary>The newest first, one row more than asked when more follow.</summary>
    /// <param name="before">Where the page starts: the last letter of the page before; null is the first page.</param>
    public async Task<List<DeadLetterRow>> ListAsync(DeadLetterFilter filter, long? before, int limit, CancellationToken cancellationToken)
    {
        const string sql = $"""
            SELECT {Columns}
            FROM dead_letter d LEFT JOIN gateway g USING (gateway_id)
            WHERE {DeadLetterFilter.Sql} AND d.dead_letter_id < $7
            ORDER BY d.dead_letter_id DESC
            LIMIT $8
            """;
        ArgumentNullException.ThrowIfNull(filter);
        await using var command = pools.Read.CreateCommand(sql);
        command.Parameters.AddRange(filter.Parameters(One(before ?? long.MaxValue), One(limit + 1)));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<DeadLetterRow> rows = [];
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(Row(reader));
        return rows;
    }

    /// <summary>One letter with its bytes; null when there is none that may be seen.</summary>
    public async Task<DeadLetterWithContent?> FindAsync(long deadLetterId, Guid[]? visible, CancellationToken cancellationToken)
    {
        const string sql = $"""
            SELECT {Columns}, d.content
            FROM dead_letter d LEFT JOIN gateway g USING (gateway_id)
            WHERE {DeadLetterFilter.Sql} AND d.dead_letter_id = $7
            """;
        await using var command = pools.Read.CreateCommand(sql);
        command.Parameters.AddRange(new DeadLetterFilter(visible).Parameters(One(deadLetterId)));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        var content = reader.GetFieldValue<byte[]>(reader.FieldCount - 1);
        return new DeadLetterWithContent(Row(reader), content, DeadLetterContent.AsText(content));
    }

    /// <summary>One letter without its bytes, as the primary has it now; null when there is none that may be seen.</summary>
    public async Task<DeadLetterRow?> FindNowAsync(long deadLetterId, Guid[]? visible, CancellationToken cancellationToken)
    {
        const string sql = $"""
            SELECT {Columns}
            FROM dead_letter d LEFT JOIN gateway g USING (gateway_id)
            WHERE {DeadLetterFilter.Sql} AND d.dead_letter_id = $7
            """;
        await using var command = pools.Write.CreateCommand(sql);
        command.Parameters.AddRange(new DeadLetterFilter(visible).Parameters(One(deadLetterId)));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Row(reader) : null;
    }

    /// <summary>How many letters behind one there are.</summary>
    public async Task<long> CountAfterAsync(DeadLetterFilter filter, long after, CancellationToken cancellationToken)
    {
        const string sql = $"""
            SELECT count(*) FROM dead_letter d LEFT JOIN gateway g USING (gateway_id) WHERE {DeadLetterFilter.Sql} AND d.dead_letter_id > $7
            """;
        ArgumentNullException.ThrowIfNull(filter);
        await using var command = pools.Write.CreateCommand(sql);
        command.Parameters.AddRange(filter.Parameters(One(after)));
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static DeadLetterRow Row(NpgsqlDataReader row) => new(
        row.GetInt64(0), row.GetString(1), Text(row, 2), row.IsDBNull(3) ? null : row.GetGuid(3), Text(row, 4), row.GetString(5),
        row.GetString(6), row.GetInt32(7), row.GetBoolean(8), row.GetBoolean(9), row.GetInt32(10), Text(row, 11), Text(row, 12), Text(row, 13),
        row.GetString(14), row.GetString(15), row.GetInt64(16), row.GetDateTime(17), row.GetDateTime(18), row.GetInt32(19), Time(row, 20),
        Time(row, 21), Text(row, 22));

    private static string? Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    private static DateTime? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetDateTime(column);
}
