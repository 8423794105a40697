using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Sees to it that the months which readings fall in have a partition.</summary>
public sealed class ReadingMonths(PostgresPools pools, TimeProvider time, ILogger<ReadingMonths> logger)
{
    private const int MonthsAhead = 2;

    // To make a partition takes milliseconds; to attach one that was detached takes a read of its whole month. Well below the
    // functionTimeout of host.json: ingest makes what it misses, stores after it in the same run, and must be the first to give up.
    private const int CreateTimeoutSeconds = 300;

    private readonly ConcurrentDictionary<int, bool> known = new();

    /// <summary>Makes this month and the next two. Run by a timer, so that ingest need not wait for it.</summary>
    public Task CreateAheadAsync(CancellationToken cancellationToken)
    {
        var month = Month(time.GetUtcNow().UtcDateTime);
        return CreateAsync([.. Enumerable.Range(month, MonthsAhead + 1)], cancellationToken);
    }

    /// <summary>
    /// Makes what is missing for these readings. In a transaction of its own: one that also stores would hold the new
    /// partition back from others until it commits.
    /// </summary>
    internal async ValueTask EnsureAsync(List<DecodedReading> readings, CancellationToken cancellationToken)
    {
        if (FindMissing(CollectionsMarshal.AsSpan(readings)) is { } missing)
            await CreateAsync([.. missing], cancellationToken);
    }

    /// <summary>Forgets what exists: a partition that was known is gone.</summary>
    public void Forget() => known.Clear();

    private HashSet<int>? FindMissing(ReadOnlySpan<DecodedReading> readings)
    {
        HashSet<int>? missing = null;
        var (start, end) = (long.MaxValue, long.MinValue);
        foreach (ref readonly var reading in readings)
        {
            // Most readings lie in the month of the one before.
            if (reading.TimeMicroseconds >= start && reading.TimeMicroseconds < end)
                continue;
            var moment = PostgresTime.FromMicroseconds(reading.TimeMicroseconds);
            var month = Month(moment);
            (start, end) = (PostgresTime.ToMicroseconds(FirstDay(month)), PostgresTime.ToMicroseconds(FirstDay(month + 1)));
            if (!known.ContainsKey(month))
                (missing ??= []).Add(month);
        }

        return missing;
    }

    private async Task CreateAsync(int[] months, CancellationToken cancellationToken)
    {
        const string createSql = "SELECT create_reading_partition(month) FROM unnest($1) AS month ORDER BY month";

        await using var command = pools.Write.CreateCommand(createSql);
        command.CommandTimeout = CreateTimeoutSeconds;
        command.Parameters.Add(new NpgsqlParameter<DateTime[]>
        {
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz,
            TypedValue = [.. months.Select(FirstDay)],
        });
        await command.ExecuteNonQueryAsync(cancellationToken);
        var added = months.Where(month => known.TryAdd(month, true)).ToArray();
        if (added.Length > 0)
            logger.PartitionsReady(added.Length, FirstDay(added.Min()), FirstDay(added.Max()));
    }

    private static int Month(DateTime utc) => utc.Year * 12 + utc.Month - 1;

    private static DateTime FirstDay(int month) => new(month / 12, month % 12 + 1, 1, 0, 0, 0, DateTimeKind.Utc);
}
