using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using BuildingMgmt.Functions.Postgres;
using Microsoft.Azure.Functions.Worker;
using Npgsql;
using NpgsqlTypes;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>What one purge deleted of one gateway's letters of one reason.</summary>
/// <param name="Why">age or size.</param>
/// <param name="GatewayId"><c>(unknown)</c> where the letters did not say it.</param>
/// <param name="Status">open: their readings are lost; replayed: they had been stored.</param>
public sealed record DeadLetterPurgeRow(
    long PurgeId,
    DateTime PurgedAt,
    string Why,
    string GatewayId,
    string Reason,
    string Status,
    long Letters,
    long Readings,
    DateTime FirstReceivedAt,
    DateTime LastReceivedAt);

/// <summary>Shows what was deleted of dead letters.</summary>
public sealed class ListDeadLetterPurges(PostgresPools pools)
{
    /// <summary>The newest first, of the gateways of the caller's buildings.</summary>
    [Function(nameof(ListDeadLetterPurges))]
    [RequiresRole(Roles.Engineer)]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/ops/dead-letters/purges")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var query = new QueryReader(request, "limit", "cursor");
        var limit = query.Limit();
        var rows = await ReadAsync(
            Caller.Of(request).BuildingsWith(Roles.Engineer), query.RowCursor()?.Number ?? long.MaxValue, limit + 1, cancellationToken);
        return Results.Json(Page.Of(rows, limit, row => new RowKey(row.PurgeId)), ApiJson.Default.PageDeadLetterPurgeRow);
    }

    private async Task<List<DeadLetterPurgeRow>> ReadAsync(Guid[]? visible, long before, int limit, CancellationToken cancellationToken)
    {
        const string sql = """
            SELECT purge_id, purged_at, why, gateway_id, reason, CASE WHEN was_open THEN 'open' ELSE 'replayed' END, letters, readings,
                   first_received_at, last_received_at
            FROM dead_letter_purge LEFT JOIN gateway USING (gateway_id)
            WHERE ($1::uuid[] IS NULL OR building_id = ANY($1)) AND purge_id < $2
            ORDER BY purge_id DESC
            LIMIT $3
            """;
        await using var command = pools.Read.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter { Value = (object?)visible ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid });
        command.Parameters.Add(One(before));
        command.Parameters.Add(One(limit));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<DeadLetterPurgeRow> rows = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new DeadLetterPurgeRow(
                reader.GetInt64(0), reader.GetDateTime(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetString(5),
                reader.GetInt64(6), reader.GetInt64(7), reader.GetDateTime(8), reader.GetDateTime(9)));
        }

        return rows;
    }
}
