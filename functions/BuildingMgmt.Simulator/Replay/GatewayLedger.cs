using Npgsql;
using NpgsqlTypes;

namespace BuildingMgmt.Simulator.Replay;

/// <summary>What became of gateways' readings, over all days.</summary>
internal readonly record struct LedgerCounts(long Stored, long Duplicate, long DeadLettered)
{
    public long Accounted => Stored + Duplicate + DeadLettered;

    public static LedgerCounts operator -(LedgerCounts left, LedgerCounts right) =>
        new(left.Stored - right.Stored, left.Duplicate - right.Duplicate, left.DeadLettered - right.DeadLettered);
}

/// <summary>Reads the system's own accounts from PostgreSQL.</summary>
/// <param name="hub">As <see cref="Gateways.EventHubSink.HubId"/> says it.</param>
internal sealed class GatewayLedger(NpgsqlDataSource dataSource, string hub, IReadOnlyList<string> gatewayIds)
{
    /// <summary>Sums up the gateways' accounts.</summary>
    public async Task<LedgerCounts> ReadAsync(CancellationToken cancellationToken)
    {
        const string sql = """
            SELECT coalesce(sum(stored), 0)::bigint, coalesce(sum(duplicate), 0)::bigint, coalesce(sum(dead_lettered), 0)::bigint
            FROM gateway_ledger
            WHERE gateway_id = ANY ($1)
            """;
        await using var command = dataSource.CreateCommand(sql);
        command.Parameters.Add(GatewayIds());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new LedgerCounts(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2));
    }

    /// <summary>How far each partition of the hub is stored: the sequence number of its last event.</summary>
    public async Task<IReadOnlyDictionary<string, long>> ReadPositionsAsync(CancellationToken cancellationToken)
    {
        const string sql = """
            SELECT partition_id, sequence_number FROM ingest_position WHERE hub = $1
            """;
        await using var command = dataSource.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = hub });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var positions = new Dictionary<string, long>();
        while (await reader.ReadAsync(cancellationToken))
            positions[reader.GetString(0)] = reader.GetInt64(1);
        return positions;
    }

    /// <summary>Those of the gateways that the catalogue does not know.</summary>
    public async Task<IReadOnlyList<string>> FindUnknownAsync(CancellationToken cancellationToken)
    {
        const string sql = """
            SELECT given.gateway_id FROM unnest($1) AS given (gateway_id)
            WHERE NOT EXISTS (SELECT FROM gateway WHERE gateway.gateway_id = given.gateway_id)
            """;
        await using var command = dataSource.CreateCommand(sql);
        command.Parameters.Add(GatewayIds());
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var unknown = new List<string>();
        while (await reader.ReadAsync(cancellationToken))
            unknown.Add(reader.GetString(0));
        return unknown;
    }

    private NpgsqlParameter GatewayIds() =>
        new() { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text, Value = gatewayIds.ToArray() };
}
