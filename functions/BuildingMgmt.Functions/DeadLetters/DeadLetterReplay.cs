using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>What became of dead letters that were tried again.</summary>
/// <param name="Letters">How many were tried.</param>
/// <param name="Replayed">How many of them have nothing left that is bad.</param>
/// <param name="Stored">Readings stored.</param>
/// <param name="Duplicate">Readings that were stored already.</param>
/// <param name="StillBad">Readings that still cannot be stored; they stay dead letters.</param>
internal readonly record struct ReplayCounts(long Letters, long Replayed, long Stored, long Duplicate, long StillBad)
{
    public static ReplayCounts operator +(ReplayCounts left, ReplayCounts right) => new(
        left.Letters + right.Letters, left.Replayed + right.Replayed, left.Stored + right.Stored, left.Duplicate + right.Duplicate,
        left.StillBad + right.StillBad);
}

/// <summary>
/// Tries dead letters again, with the catalogue and the clock of now: a sensor that was unknown may be installed, and a time that
/// was ahead has come. Each letter is locked, stored and marked in one transaction, so that a kill or another who does the same at the
/// same time changes nothing.
/// </summary>
public sealed class DeadLetterReplay
{
    private static readonly TimeSpan CallTime = TimeSpan.FromSeconds(20);

    private readonly PostgresPools pools;
    private readonly CatalogueCache catalogue;
    private readonly ReadingMonths months;
    private readonly SliceLatestValues latestValues;
    private readonly IOptions<IngestOptions> options;
    private readonly TimeProvider time;
    private readonly ILogger<DeadLetterReplay> logger;

    internal DeadLetterReplay(
        PostgresPools pools,
        CatalogueCache catalogue,
        ReadingMonths months,
        SliceLatestValues latestValues,
        IOptions<IngestOptions> options,
        TimeProvider time,
        ILogger<DeadLetterReplay> logger)
    {
        this.pools = pools;
        this.catalogue = catalogue;
        this.months = months;
        this.latestValues = latestValues;
        this.options = options;
        this.time = time;
        this.logger = logger;
    }

    /// <summary>Tries one letter; waits for another who is at it.</summary>
    /// <param name="caller">Whose doing it is.</param>
    internal async Task<ReplayCounts> ReplayAsync(long deadLetterId, string caller, CancellationToken cancellationToken)
    {
        var snapshot = await catalogue.RefreshForRequestAsync(cancellationToken);
        await using var connection = await pools.Write.OpenConnectionAsync(cancellationToken);
        await using var transaction = await BeginAsync(connection, cancellationToken);
        var letters = await OpenLetters.LockAsync(connection, transaction, [deadLetterId], waits: true, cancellationToken);
        var (counts, _) = await StoreAsync(connection, transaction, letters, snapshot, caller, cancellationToken);
        Log(caller, counts);
        return counts;
    }

    /// <summary>Tries the letters of a filter in the order in which they came, for a bounded time.</summary>
    /// <param name="after">Where to begin: behind this letter.</param>
    /// <param name="caller">Whose doing it is.</param>
    /// <returns>What became of them, and the last that was looked at; null when none is left behind it.</returns>
    internal async Task<(ReplayCounts Counts, long? Last)> ReplayAsync(
        DeadLetterFilter filter, long after, string caller, CancellationToken cancellationToken)
    {
        var snapshot = await catalogue.RefreshForRequestAsync(cancellationToken);
        var started = time.GetTimestamp();
        var counts = default(ReplayCounts);
        long? last = after;
        do
        {
            (var portion, last) = await ReplayPortionAsync(filter, last.Value, snapshot, caller, cancellationToken);
            counts += portion;
        }
        while (last is not null && time.GetElapsedTime(started) < CallTime);
        Log(caller, counts);
        return (counts, last);
    }

    private async Task<(ReplayCounts Counts, long? Last)> ReplayPortionAsync(
        DeadLetterFilter filter, long after, CatalogueSnapshot snapshot, string caller, CancellationToken cancellationToken)
    {
        await using var connection = await pools.Write.OpenConnectionAsync(cancellationToken);
        await using var transaction = await BeginAsync(connection, cancellationToken);
        var ids = await OpenLetters.FindAsync(connection, transaction, filter, after, cancellationToken);
        if (ids.Count == 0)
            return (default, null);
        var letters = await OpenLetters.LockAsync(connection, transaction, ids, waits: false, cancellationToken);
        var (counts, taken) = await StoreAsync(connection, transaction, letters, snapshot, caller, cancellationToken);
        // What did not fit into one transaction comes next.
        return (counts, taken < letters.Count ? letters[taken - 1].DeadLetterId : ids[^1]);
    }

    private async Task<(ReplayCounts Counts, int Taken)> StoreAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        List<OpenLetter> letters,
        CatalogueSnapshot snapshot,
        string caller,
        CancellationToken cancellationToken)
    {
        if (letters.Count == 0)
            return default;
        var (slice, order) = (new EventSlice(), new ReadingOrder());
        var taken = slice.Fill(letters.ConvertAll(DeadLetterContent.AsEvent), 0, snapshot, time.GetUtcNow(), options.Value);
        await months.EnsureAsync(slice.Readings, cancellationToken);

        List<LetterOutcome> outcomes = [];
        StoredSlice result;
        try
        {
            result = await ReadingStore.StoreAgainAsync(connection, transaction, slice, order, RecordsOf, cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.CheckViolation)
        {
            // As for ingest: a month's partition is gone, and the next attempt makes or attaches it again.
            months.Forget();
            throw;
        }

        await transaction.CommitAsync(cancellationToken);
        // They are stored: the caller's leaving must not leave the table behind.
        await latestValues.WriteAsync(slice, order, result, snapshot, CancellationToken.None);
        return (Count(outcomes), taken);

        IEnumerable<NpgsqlBatchCommand> RecordsOf(StoredSlice stored)
        {
            for (var index = 0; index < taken; index++)
                outcomes.Add(LetterOutcome.Of(letters[index], slice, stored, index));
            return ReplayRecords.Commands(outcomes, caller);
        }
    }

    // Ingest waits for the same ledgers: whoever freezes in the middle is ended like a frozen instance of ingest.
    private async Task<NpgsqlTransaction> BeginAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var seconds = options.Value.FrozenAfterSeconds;
        var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var limits = new NpgsqlCommand(
            $"SET LOCAL idle_in_transaction_session_timeout = '{seconds}s'; SET LOCAL lock_timeout = '{seconds}s'", connection, transaction);
        await limits.ExecuteNonQueryAsync(cancellationToken);
        return transaction;
    }

    private static ReplayCounts Count(List<LetterOutcome> outcomes)
    {
        var counts = default(ReplayCounts);
        foreach (var outcome in outcomes)
            counts += new ReplayCounts(1, outcome.IsReplayed ? 1 : 0, outcome.Counts.Stored, outcome.Counts.Duplicate, outcome.Counts.DeadLettered);
        return counts;
    }

    private void Log(string caller, ReplayCounts counts)
    {
        if (counts.Letters > 0)
            logger.DeadLettersReplayed(caller, counts.Letters, counts.Stored, counts.Duplicate, counts.StillBad);
    }
}
