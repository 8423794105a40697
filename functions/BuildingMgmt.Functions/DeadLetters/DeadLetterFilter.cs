using BuildingMgmt.Functions.Ingest;
using Npgsql;
using NpgsqlTypes;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>Which dead letters are asked for, and which the caller may see. Null leaves a filter out.</summary>
/// <param name="Visible">Buildings of whose gateways the caller may see letters; null is all, and those of nobody's gateways.</param>
public sealed record DeadLetterFilter(Guid[]? Visible)
{
    /// <summary>Letters of events of this gateway; <see cref="GatewayLedger.UnknownGateway"/> finds those that say none.</summary>
    public string? GatewayId { get; init; }

    /// <summary>Letters of this reason.</summary>
    public string? Reason { get; init; }

    /// <summary>Letters of events that the hub accepted then or later, UTC.</summary>
    public DateTime? From { get; init; }

    /// <summary>Letters of events that the hub accepted before, UTC.</summary>
    public DateTime? To { get; init; }

    /// <summary>open or replayed.</summary>
    public string? Status { get; init; }

    /// <summary>The condition of the filter, as parameters $1 to $6, on <c>dead_letter d LEFT JOIN gateway g</c>.</summary>
    internal const string Sql = $"""
        ($1::uuid[] IS NULL OR g.building_id = ANY($1))
        AND ($2::text IS NULL OR d.gateway_id = $2 OR ($2 = '{GatewayLedger.UnknownGateway}' AND d.gateway_id IS NULL))
        AND ($3::text IS NULL OR d.reason = $3)
        AND ($4::timestamptz IS NULL OR d.enqueued_at >= $4)
        AND ($5::timestamptz IS NULL OR d.enqueued_at < $5)
        AND ($6::text IS NULL OR (d.replayed_at IS NULL) = ($6 = 'open'))
        """;

    /// <summary>Values of the condition's parameters, and those of the rest of the statement.</summary>
    internal NpgsqlParameter[] Parameters(params ReadOnlySpan<NpgsqlParameter> others) =>
    [
        Parameter(Visible, NpgsqlDbType.Array | NpgsqlDbType.Uuid),
        Parameter(GatewayId, NpgsqlDbType.Text),
        Parameter(Reason, NpgsqlDbType.Text),
        Parameter(From, NpgsqlDbType.TimestampTz),
        Parameter(To, NpgsqlDbType.TimestampTz),
        Parameter(Status, NpgsqlDbType.Text),
        .. others,
    ];

    private static NpgsqlParameter Parameter(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };
}
