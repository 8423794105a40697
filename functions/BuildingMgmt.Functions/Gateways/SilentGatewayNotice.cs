using BuildingMgmt.Functions.Health;
using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.Gateways;

/// <summary>Says how many gateways have fallen silent. Which is for those who sign in: readiness answers anybody.</summary>
public sealed class SilentGatewayNotice(TimeProvider time) : IHealthNotice
{
    /// <inheritdoc/>
    public string Name => "gateways";

    /// <inheritdoc/>
    public async Task<string?> LookAsync(NpgsqlDataSource primary, CancellationToken cancellationToken)
    {
        const string sql = $"""
            SELECT count(*)
            FROM gateway g JOIN gateway_state s USING (gateway_id)
            WHERE {GatewayQueries.SilentSql}
            """;
        ArgumentNullException.ThrowIfNull(primary);
        await using var command = primary.CreateCommand(sql);
        command.Parameters.Add(One(time.GetUtcNow().UtcDateTime));
        var count = (long)(await command.ExecuteScalarAsync(cancellationToken))!;
        return count == 0 ? null
            : $"{count} {(count == 1 ? "gateway is" : "gateways are")} silent for more than three usual intervals; GET /api/ops/gateways?silent=true names them.";
    }
}
