using System.Globalization;
using BuildingMgmt.Functions.Health;
using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.Gateways;

/// <summary>Says which gateways have fallen silent.</summary>
public sealed class SilentGatewayNotice(TimeProvider time) : IHealthNotice
{
    private const int NamedMax = 10;

    /// <inheritdoc/>
    public string Name => "gateways";

    /// <inheritdoc/>
    public async Task<string?> LookAsync(NpgsqlDataSource primary, CancellationToken cancellationToken)
    {
        var sql = string.Create(CultureInfo.InvariantCulture, $"""
            SELECT g.gateway_id, count(*) OVER ()
            FROM gateway g JOIN gateway_state s USING (gateway_id)
            WHERE {GatewayQueries.SilentSql}
            ORDER BY s.last_seen
            LIMIT {NamedMax}
            """);
        ArgumentNullException.ThrowIfNull(primary);
        await using var command = primary.CreateCommand(sql);
        command.Parameters.Add(One(time.GetUtcNow().UtcDateTime));
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<string> named = [];
        var count = 0L;
        while (await reader.ReadAsync(cancellationToken))
        {
            named.Add($"\"{reader.GetString(0)}\"");
            count = reader.GetInt64(1);
        }

        return count == 0 ? null
            : $"{count} {(count == 1 ? "gateway is" : "gateways are")} silent for more than three usual intervals: {string.Join(", ", named)}{(count > named.Count ? ", …" : "")}.";
    }
}
