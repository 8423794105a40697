namespace BuildingMgmt.Functions.Gateways;

/// <summary>How a gateway is.</summary>
/// <param name="LastSeen">When the hub accepted its last event; null when none came yet.</param>
/// <param name="UsualIntervalSeconds">Median time between its last events; null until three are known.</param>
/// <param name="IsSilent">Whether nothing came for more than three usual intervals, though it is active.</param>
/// <param name="LastSequence">Its last number; null when it numbers nothing.</param>
/// <param name="OpenGaps">Gaps in its numbers that are not filled.</param>
/// <param name="ReadingsPerMinute">Stored over about the last 15 s; null until two counts lie at least a second apart.</param>
/// <param name="Today">Its ledger of today, UTC.</param>
public sealed record GatewayStatus(
    string GatewayId,
    Guid BuildingId,
    bool IsActive,
    DateTime? LastSeen,
    double? UsualIntervalSeconds,
    bool IsSilent,
    long? LastSequence,
    long OpenGaps,
    double? ReadingsPerMinute,
    LedgerDay Today);

/// <summary>What a gateway sent on one day, UTC, and what became of it: sent = stored + duplicate + dead-lettered.</summary>
public sealed record LedgerDay(DateOnly Day, long Events, long Sent, long Stored, long Duplicate, long DeadLettered);

/// <summary>Numbers that a gateway left out.</summary>
/// <param name="FirstSequence">The first that was missing.</param>
/// <param name="LastSequence">The last that was missing.</param>
/// <param name="MissingCount">How many still are.</param>
/// <param name="Missing">Which still are, at most a hundred pieces.</param>
/// <param name="NoticedAt">When the hub accepted the event that showed it.</param>
/// <param name="FilledAt">When the last of it came; null while some are missing.</param>
public sealed record SequenceGap(
    long FirstSequence, long LastSequence, long MissingCount, IReadOnlyList<SequenceRange> Missing, DateTime NoticedAt, DateTime? FilledAt);

/// <summary>Numbers in a row.</summary>
public sealed record SequenceRange(long First, long Last);

/// <summary>Answer of <c>GET /api/ops/gateways/{gateway_id}/ledger</c>.</summary>
/// <param name="Days">Days on which something came, the newest first.</param>
/// <param name="Gaps">Gaps that were noticed on those days, and older ones that are still open; the newest first.</param>
public sealed record GatewayLedgerReport(string GatewayId, DateOnly From, DateOnly To, IReadOnlyList<LedgerDay> Days, IReadOnlyList<SequenceGap> Gaps);
