using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.RollUps;

/// <summary>
/// Rolls up what is recorded as changed: hours that are over by their grace, in transactions that each take some records, compute
/// their buckets and store them. A transaction that is lost leaves its records.
/// </summary>
public sealed class RollUpRun
{
    // Then it ends, so that a stop waits for no backlog; the next run goes on with what is left.
    private static readonly TimeSpan RunTime = TimeSpan.FromSeconds(50);

    private static readonly TimeSpan Fresh = TimeSpan.FromDays(1);

    private readonly PostgresPools pools;
    private readonly RollUpsOptions options;
    private readonly RollUpMeter meter;
    private readonly TimeProvider time;
    private readonly ILogger<RollUpRun> logger;
    private readonly RollUpTurn turn;

    internal RollUpRun(
        PostgresPools pools, IOptions<RollUpsOptions> options, RollUpMeter meter, TimeProvider time, ILogger<RollUpRun> logger)
    {
        this.pools = pools;
        this.options = options.Value;
        this.meter = meter;
        this.time = time;
        this.logger = logger;
        turn = new RollUpTurn(pools.Batch, this.options.BucketsPerTransactionMax, time, logger);
    }

    /// <summary>Rolls up for 50 s, or until nothing is left that is over.</summary>
    internal async Task<RollUpCount> RunAsync(CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        var overBy = time.GetUtcNow().UtcDateTime.AddSeconds(-options.GraceSeconds);
        var newestOver = overBy.AddHours(-1);
        var newest = await PrepareAsync(overBy, newestOver, cancellationToken);

        // The last day before what is older: a month that comes late does not keep the present waiting.
        var total = default(RollUpCount);
        foreach (var after in (DateTime[])[newestOver - Fresh, DateTime.SpecifyKind(DateTime.MinValue, DateTimeKind.Utc)])
        {
            while (time.GetElapsedTime(began) < RunTime && await StepAsync(after, newest, overBy, cancellationToken) is { } step)
                total += step;
        }

        var (waiting, oldestSeconds) = await ReadingChanges.WaitingAsync(pools.Batch, newestOver, cancellationToken);
        meter.Ran(total, oldestSeconds);
        if (total.Buckets > 0 || waiting > 0)
            logger.RolledUp(total.Buckets, total.Added, total.Repaired, waiting, oldestSeconds);
        return total;
    }

    private async Task<DateTime> PrepareAsync(DateTime overBy, DateTime newestOver, CancellationToken cancellationToken)
    {
        var (zones, newest) = await turn.TakeAsync(
            async (transaction, _, token) =>
            {
                await ReadingChanges.FoldAsync(transaction, newestOver, token);
                var adopted = await TimeZoneChanges.AdoptAsync(transaction, token);
                return (adopted, await ReadingChanges.NewestAsync(transaction, overBy, token));
            },
            cancellationToken);
        foreach (var zone in zones)
            logger.RollUpZoneChanged(zone.BuildingId, zone.TimeZone, zone.Hours);
        return newest;
    }

    private Task<RollUpCount?> StepAsync(DateTime after, DateTime newest, DateTime overBy, CancellationToken cancellationToken) =>
        turn.TakeAsync<RollUpCount?>(
            async (transaction, bucketsMax, token) =>
            {
                var changes = await ReadingChanges.TakeAsync(
                    transaction, after, newest, overBy.AddHours(-1), bucketsMax, token);
                if (changes.Count == 0)
                    return null;
                var buckets = await HourBuckets.FindAsync(transaction, changes, overBy, token);
                return await RollUpStep.StoreAsync(transaction, buckets, time.GetUtcNow().UtcDateTime, token);
            },
            cancellationToken);
}
