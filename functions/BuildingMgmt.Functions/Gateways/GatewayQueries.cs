using BuildingMgmt.Functions.Postgres;
using Npgsql;
using NpgsqlTypes;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.Gateways;

/// <summary>Reads what is known of gateways from PostgreSQL.</summary>
public sealed class GatewayQueries(PostgresPools pools, TimeProvider time)
{
    /// <summary>
    /// Whether an active gateway has been quiet for more than three of its usual intervals at the moment $1, and for ten seconds at least:
    /// what comes every second may be late by a few.
    /// </summary>
    internal const string SilentSql = """
        (g.active AND usual_interval_s(s.recent_gaps_s) IS NOT NULL
            AND s.last_seen + greatest(3 * usual_interval_s(s.recent_gaps_s), 10) * interval '1 s' < $1)
        """;

    private const int PiecesMax = 100;

    /// <summary>Gateways by id, one more than asked when more follow.</summary>
    /// <param name="visible">Buildings the caller may see; null is all.</param>
    /// <param name="buildingId">Of this building; null leaves it out.</param>
    /// <param name="silent">Only silent ones, or only others; null leaves it out.</param>
    /// <param name="after">Where the page starts.</param>
    /// <param name="limit">Rows of a page.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<List<GatewayStatus>> ListAsync(
        Guid[]? visible, Guid? buildingId, bool? silent, string? after, int limit, CancellationToken cancellationToken)
    {
        const string sql = $"""
            SELECT g.gateway_id, g.building_id, g.active, s.last_seen, usual_interval_s(s.recent_gaps_s), {SilentSql}, s.last_sequence,
                   (SELECT count(*) FROM gateway_gap p WHERE p.gateway_id = g.gateway_id AND p.filled_at IS NULL),
                   coalesce(l.events, 0), coalesce(l.sent, 0), coalesce(l.stored, 0), coalesce(l.duplicate, 0), coalesce(l.dead_lettered, 0)
            FROM gateway g
            LEFT JOIN gateway_state s USING (gateway_id)
            LEFT JOIN gateway_ledger l ON l.gateway_id = g.gateway_id AND l.day = $2
            WHERE ($3::uuid[] IS NULL OR g.building_id = ANY($3))
              AND ($4::uuid IS NULL OR g.building_id = $4)
              AND ($5::boolean IS NULL OR {SilentSql} = $5)
              AND ($6::text IS NULL OR g.gateway_id > $6)
            ORDER BY g.gateway_id
            LIMIT $7
            """;
        var now = time.GetUtcNow().UtcDateTime;
        var today = DateOnly.FromDateTime(now);
        await using var command = pools.Read.CreateCommand(sql);
        NpgsqlParameter[] parameters =
        [
            One(now), One(today), Maybe(visible, NpgsqlDbType.Array | NpgsqlDbType.Uuid), Maybe(buildingId, NpgsqlDbType.Uuid),
            Maybe(silent, NpgsqlDbType.Boolean), Maybe(after, NpgsqlDbType.Text), One(limit + 1),
        ];
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<GatewayStatus> rows = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new GatewayStatus(
                reader.GetString(0), reader.GetGuid(1), reader.GetBoolean(2), Time(reader, 3), reader.IsDBNull(4) ? null : Math.Round(reader.GetDouble(4), 1),
                reader.GetBoolean(5), reader.IsDBNull(6) ? null : reader.GetInt64(6), reader.GetInt64(7), null,
                new LedgerDay(today, reader.GetInt64(8), reader.GetInt64(9), reader.GetInt64(10), reader.GetInt64(11), reader.GetInt64(12))));
        }

        return rows;
    }

    /// <summary>A gateway's days, both included, and gaps; null when there is no such gateway that may be seen.</summary>
    public async Task<GatewayLedgerReport?> LedgerAsync(
        string gatewayId, Guid[]? visible, DateOnly from, DateOnly to, CancellationToken cancellationToken)
    {
        const string gatewaySql = "SELECT FROM gateway WHERE gateway_id = $1 AND ($2::uuid[] IS NULL OR building_id = ANY($2))";
        const string daySql = """
            SELECT day, events, sent, stored, duplicate, dead_lettered
            FROM gateway_ledger
            WHERE gateway_id = $1 AND day BETWEEN $2 AND $3
            ORDER BY day DESC
            """;
        const string gapSql = """
            SELECT first_sequence, last_sequence, noticed_at, filled_at, missing
            FROM gateway_gap
            WHERE gateway_id = $1 AND noticed_at < $3::date + 1 AND (noticed_at >= $2::date OR filled_at IS NULL)
            ORDER BY gap_id DESC
            """;
        await using var batch = pools.Read.CreateBatch();
        batch.BatchCommands.Add(Command(gatewaySql, One(gatewayId), Maybe(visible, NpgsqlDbType.Array | NpgsqlDbType.Uuid)));
        batch.BatchCommands.Add(Command(daySql, One(gatewayId), One(from), One(to)));
        batch.BatchCommands.Add(Command(gapSql, One(gatewayId), One(from), One(to)));
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        if (!await reader.ReadAsync(cancellationToken))
            return null;
        await reader.NextResultAsync(cancellationToken);
        List<LedgerDay> days = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            days.Add(new LedgerDay(
                reader.GetFieldValue<DateOnly>(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5)));
        }

        await reader.NextResultAsync(cancellationToken);
        List<SequenceGap> gaps = [];
        while (await reader.ReadAsync(cancellationToken))
            gaps.Add(Gap(reader));
        return new GatewayLedgerReport(gatewayId, from, to, days, gaps);
    }

    // PostgreSQL gives ranges of whole numbers as from the first up to but without the one behind the last.
    private static SequenceGap Gap(NpgsqlDataReader row)
    {
        var missing = row.GetFieldValue<NpgsqlRange<long>[]>(4);
        return new SequenceGap(
            row.GetInt64(0), row.GetInt64(1), missing.Sum(range => range.UpperBound - range.LowerBound),
            [.. missing.Take(PiecesMax).Select(range => new SequenceRange(range.LowerBound, range.UpperBound - 1))], row.GetDateTime(2), Time(row, 3));
    }

    private static DateTime? Time(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetDateTime(column);

    private static NpgsqlParameter Maybe(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };
}
