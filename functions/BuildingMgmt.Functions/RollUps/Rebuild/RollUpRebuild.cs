using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace BuildingMgmt.Functions.RollUps.Rebuild;

/// <summary>What comparing roll-ups with readings has shown.</summary>
/// <param name="BucketsCompared">Hours of points that were computed again.</param>
/// <param name="Differences">Hours and days of points that were not stored as they should be, and are now.</param>
public sealed record RebuildResult(long BucketsCompared, long Differences)
{
    /// <summary>Both together.</summary>
    public RebuildResult Add(RebuildResult other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new RebuildResult(BucketsCompared + other.BucketsCompared, Differences + other.Differences);
    }
}

/// <summary>Computes roll-ups again from the readings, whether or not a change is recorded, and stores what differs.</summary>
public sealed class RollUpRebuild(
    PostgresPools pools, IOptions<RollUpsOptions> options, TimeProvider time, ILogger<RollUpRebuild> logger)
{
    private const int HoursOfDayMax = 25;

    private readonly RollUpTurn turn = new(pools.Batch, options.Value.BucketsPerTransactionMax, time, logger);

    /// <summary>All buildings, in an order that stays.</summary>
    public async Task<Guid[]> BuildingsAsync(CancellationToken cancellationToken)
    {
        await using var command = pools.Batch.CreateCommand("SELECT coalesce(array_agg(building_id ORDER BY building_id), '{}') FROM building");
        return (Guid[])(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>Rebuilds a day of a building, as far as it is over, in transactions of some points each.</summary>
    public async Task<RebuildResult> RebuildDayAsync(Guid buildingId, DateOnly day, CancellationToken cancellationToken)
    {
        var overBy = time.GetUtcNow().UtcDateTime.AddSeconds(-options.Value.GraceSeconds);
        var total = default(RollUpCount);
        var lastPointId = int.MinValue;
        while (true)
        {
            var (count, last) = await turn.TakeAsync(
                (transaction, bucketsMax, token) =>
                    StepAsync(transaction, buildingId, day, lastPointId, Math.Max(1, bucketsMax / HoursOfDayMax), overBy, token),
                cancellationToken);
            if (last is null)
                return new RebuildResult(total.Buckets, total.Added + total.Repaired);
            total += count;
            lastPointId = last.Value;
        }
    }

    private async Task<(RollUpCount Count, int? LastPointId)> StepAsync(
        NpgsqlTransaction transaction,
        Guid buildingId,
        DateOnly day,
        int afterPointId,
        int pointsMax,
        DateTime overBy,
        CancellationToken cancellationToken)
    {
        var buckets = await HourBuckets.OfDayAsync(transaction, buildingId, day, afterPointId, pointsMax, overBy, cancellationToken);
        if (buckets.Count == 0)
            return (default, null);
        var count = await RollUpStep.RebuildAsync(transaction, buckets, time.GetUtcNow().UtcDateTime, cancellationToken);
        return (count, buckets[^1].PointId);
    }
}
