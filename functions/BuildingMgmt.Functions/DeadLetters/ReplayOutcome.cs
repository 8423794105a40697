using BuildingMgmt.Functions.Ingest;
using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>What became of a letter that was tried again.</summary>
/// <param name="GatewayId">Whose it turned out to be; null when still nobody knows.</param>
/// <param name="Counts">What became of its readings. Those that are still bad stay with the letter.</param>
/// <param name="Reason">Why some are still bad; null when none are.</param>
/// <param name="BadValues">Which those are; null when all of its content's.</param>
internal sealed record LetterOutcome(
    OpenLetter Letter, string? GatewayId, LedgerCounts Counts, string? Reason, string? Detail, byte[]? BadValues)
{
    public bool IsReplayed => Counts.DeadLettered == 0;

    /// <summary>Reads the outcome of the letter that is an event of the slice.</summary>
    public static LetterOutcome Of(OpenLetter letter, EventSlice slice, StoredSlice result, int eventIndex)
    {
        var bad = slice.DeadLetters.FindAll(found => found.EventIndex == eventIndex);
        var gatewayId = slice.Events[eventIndex].GatewayId ?? letter.GatewayId;
        var counts = GatewayLedger.Counts(slice, result, eventIndex);
        if (bad.Count == 0)
            return new LetterOutcome(letter, gatewayId, counts, null, null, null);
        var (reason, detail) = (bad[0].Reason, bad[0].Detail);
        // An event that cannot be read counts as one, also one whose readings were counted when it could be.
        if (DeadLetterReason.IsUncounted(reason))
            return new LetterOutcome(letter, gatewayId, counts with { DeadLettered = letter.Readings }, reason, detail, letter.Values);
        return new LetterOutcome(letter, gatewayId, counts, reason, detail, slice.BadValuesOf(eventIndex) ?? letter.Values);
    }
}

/// <summary>What is written of letters that were tried again, in the transaction that stores their readings.</summary>
internal static class ReplayRecords
{
    private const string LetterSql = """
        UPDATE dead_letter AS letter SET
            gateway_id = given.gateway_id,
            reason = coalesce(given.reason, letter.reason),
            detail = coalesce(given.detail, letter.detail),
            readings = CASE WHEN given.bad > 0 THEN given.bad ELSE letter.readings END,
            bad_values = CASE WHEN given.bad > 0 THEN given.bad_values ELSE letter.bad_values END,
            attempts = letter.attempts + CASE WHEN given.bad > 0 THEN 1 ELSE 0 END,
            attempted_at = CASE WHEN given.bad > 0 THEN now() ELSE letter.attempted_at END,
            replayed_at = CASE WHEN given.bad = 0 THEN now() END,
            replayed_by = CASE WHEN given.bad = 0 THEN $1 END
        FROM unnest($2, $3, $4, $5, $6, $7) AS given (dead_letter_id, gateway_id, reason, detail, bad, bad_values)
        WHERE letter.dead_letter_id = given.dead_letter_id
        """;

    public static IEnumerable<NpgsqlBatchCommand> Commands(IReadOnlyList<LetterOutcome> outcomes, string caller)
    {
        yield return Command(
            LetterSql,
            One(caller),
            Many(outcomes, outcome => outcome.Letter.DeadLetterId),
            Many(outcomes, outcome => outcome.GatewayId),
            Many(outcomes, outcome => outcome.Reason),
            Many(outcomes, outcome => outcome.Detail),
            Many(outcomes, outcome => (int)outcome.Counts.DeadLettered),
            Many(outcomes, outcome => outcome.BadValues));
        yield return GatewayLedger.AddCommand(LedgerMoves(outcomes));
    }

    // On the day on which the hub accepted the event, as if it had been stored then.
    private static LedgerEntries LedgerMoves(IReadOnlyList<LetterOutcome> outcomes)
    {
        var moves = new LedgerEntries();
        foreach (var outcome in outcomes)
        {
            var letter = outcome.Letter;
            // An event that could not be read, and now can, is the event of the gateway that it names.
            var events = letter.GatewayId == outcome.GatewayId ? 0 : 1;
            moves.Add(letter.GatewayId, letter.EnqueuedAt, new LedgerCounts(-events, 0, 0, -letter.Readings));
            moves.Add(outcome.GatewayId, letter.EnqueuedAt, outcome.Counts with { Events = events });
        }

        return moves;
    }
}
