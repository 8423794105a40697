using System.Globalization;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>
/// Deletes dead letters that are too old, and the oldest of what is too much. What it deletes it records in the same transaction, by
/// gateway and reason, and says: readings that nobody replayed are lost by it.
/// </summary>
public sealed class DeadLetterPurge(
    PostgresPools pools, IOptions<DeadLetterOptions> options, TimeProvider time, ILogger<DeadLetterPurge> logger)
{
    private const int LettersPerTransactionMax = 1_000;

    // Long after the letters, and not for ever.
    private const int RecordsKeptDays = 3_650;

    private const string Age = "age";
    private const string Size = "size";

    // $1 the purge's time, $2 why, and the portion's own. Which are to go says the portion: `chosen`.
    private const string DeleteSql = $"""
        , gone AS (
            DELETE FROM dead_letter WHERE dead_letter_id IN (SELECT dead_letter_id FROM chosen)
            RETURNING gateway_id, reason, replayed_at IS NULL AS was_open, readings, received_at, octet_length(content) AS bytes
        ), recorded AS (
            INSERT INTO dead_letter_purge AS purge (
                purged_at, why, gateway_id, reason, was_open, letters, readings, first_received_at, last_received_at)
            SELECT $1, $2, coalesce(gateway_id, '{GatewayLedger.UnknownGateway}'), reason, was_open, count(*), sum(readings), min(received_at), max(received_at)
            FROM gone
            GROUP BY 3, 4, 5
            ON CONFLICT (purged_at, why, gateway_id, reason, was_open) DO UPDATE SET
                letters = purge.letters + excluded.letters,
                readings = purge.readings + excluded.readings,
                first_received_at = least(purge.first_received_at, excluded.first_received_at),
                last_received_at = greatest(purge.last_received_at, excluded.last_received_at)
        )
        SELECT count(*), count(*) FILTER (WHERE was_open), coalesce(sum(readings) FILTER (WHERE was_open), 0)::bigint, coalesce(sum(bytes), 0)::bigint
        FROM gone
        """;

    /// <summary>Deletes what is beyond the limits, in as many transactions as it takes.</summary>
    public async Task PurgeAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().UtcDateTime;
        await PurgeOldAsync(now, cancellationToken);
        await PurgeSurplusAsync(now, cancellationToken);
        await ForgetOldRecordsAsync(now, cancellationToken);
    }

    private async Task PurgeOldAsync(DateTime now, CancellationToken cancellationToken)
    {
        var sql = string.Create(CultureInfo.InvariantCulture, $"""
            WITH chosen AS (
                SELECT dead_letter_id FROM dead_letter WHERE received_at < $3 ORDER BY dead_letter_id
                LIMIT {LettersPerTransactionMax} FOR UPDATE SKIP LOCKED
            ){DeleteSql}
            """);
        var total = default(Purged);
        Purged portion;
        do
        {
            portion = await DeleteAsync(sql, [One(now), One(Age), One(now.AddDays(-options.Value.KeepDays))], cancellationToken);
            total += portion;
        }
        while (portion.Letters > 0);
        if (total.OpenLetters > 0)
            logger.OldDeadLettersPurged(total.OpenLetters, total.OpenReadings, options.Value.KeepDays);
    }

    private async Task PurgeSurplusAsync(DateTime now, CancellationToken cancellationToken)
    {
        var volume = await MeasureAsync(cancellationToken);
        var total = default(Purged);
        // What is stored already goes before what is not.
        foreach (var state in (string[])["replayed_at IS NOT NULL", "replayed_at IS NULL"])
        {
            var sql = string.Create(CultureInfo.InvariantCulture, $"""
                WITH locked AS (
                    SELECT dead_letter_id, octet_length(content) AS bytes FROM dead_letter WHERE {state} ORDER BY dead_letter_id
                    LIMIT {LettersPerTransactionMax} FOR UPDATE SKIP LOCKED
                ), ranked AS (
                    SELECT dead_letter_id, row_number() OVER oldest AS place, sum(bytes) OVER oldest - bytes AS bytes_before
                    FROM locked WINDOW oldest AS (ORDER BY dead_letter_id)
                ), chosen AS (
                    SELECT dead_letter_id FROM ranked WHERE place <= $3 OR bytes_before < $4
                ){DeleteSql}
                """);
            Purged portion;
            do
            {
                var (letters, bytes) = (volume.Letters - options.Value.LettersMax, volume.Bytes - BytesMax(options.Value));
                portion = letters > 0 || bytes > 0
                    ? await DeleteAsync(sql, [One(now), One(Size), One(letters), One(bytes)], cancellationToken)
                    : default;
                volume = new DeadLetterVolume(volume.Letters - portion.Letters, volume.Bytes - portion.Bytes);
                total += portion;
            }
            while (portion.Letters > 0);
        }

        await WriteVolumeAsync(volume, now, cancellationToken);
        if (total.OpenLetters > 0)
            logger.SurplusDeadLettersPurged(total.OpenLetters, total.OpenReadings, options.Value.LettersMax, options.Value.MiBMax);
    }

    /// <summary>Bytes of letters that are kept.</summary>
    internal static long BytesMax(DeadLetterOptions options) => options.MiBMax * 1024L * 1024;

    private async Task<Purged> DeleteAsync(string sql, NpgsqlParameter[] parameters, CancellationToken cancellationToken)
    {
        await using var command = pools.Batch.CreateCommand(sql);
        command.Parameters.AddRange(parameters);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new Purged(reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
    }

    private async Task<DeadLetterVolume> MeasureAsync(CancellationToken cancellationToken)
    {
        // Lengths are read without the bytes.
        const string sql = "SELECT count(*), coalesce(sum(octet_length(content)), 0)::bigint FROM dead_letter";
        await using var command = pools.Batch.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        return new DeadLetterVolume(reader.GetInt64(0), reader.GetInt64(1));
    }

    private async Task WriteVolumeAsync(DeadLetterVolume volume, DateTime now, CancellationToken cancellationToken)
    {
        const string sql = """
            INSERT INTO dead_letter_volume (letters, bytes, measured_at) VALUES ($1, $2, $3)
            ON CONFLICT (only_row) DO UPDATE SET letters = excluded.letters, bytes = excluded.bytes, measured_at = excluded.measured_at
            """;
        await using var command = pools.Batch.CreateCommand(sql);
        command.Parameters.Add(One(volume.Letters));
        command.Parameters.Add(One(volume.Bytes));
        command.Parameters.Add(One(now));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task ForgetOldRecordsAsync(DateTime now, CancellationToken cancellationToken)
    {
        await using var command = pools.Batch.CreateCommand("DELETE FROM dead_letter_purge WHERE purged_at < $1");
        command.Parameters.Add(One(now.AddDays(-RecordsKeptDays)));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private readonly record struct Purged(long Letters, long OpenLetters, long OpenReadings, long Bytes)
    {
        public static Purged operator +(Purged left, Purged right) => new(
            left.Letters + right.Letters, left.OpenLetters + right.OpenLetters, left.OpenReadings + right.OpenReadings, left.Bytes + right.Bytes);
    }
}

/// <summary>How much is kept.</summary>
internal readonly record struct DeadLetterVolume(long Letters, long Bytes);
