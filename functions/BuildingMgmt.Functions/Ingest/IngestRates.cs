using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Hosting;
using Npgsql;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Answer of <c>GET /api/ops/ingest</c>: what arrived of the buildings that the caller may see.</summary>
/// <param name="AsOf">When this was counted, UTC.</param>
/// <param name="ReadingsPerMinute">
/// Readings stored, as a rate over about the last minute; null until this process has counted for 15 s.
/// </param>
/// <param name="StoredToday">Readings stored since midnight UTC.</param>
/// <param name="DuplicateToday">Readings that were there already.</param>
/// <param name="DeadLetteredToday">Readings kept as dead letters.</param>
public sealed record IngestRate(DateTime AsOf, double? ReadingsPerMinute, long StoredToday, long DuplicateToday, long DeadLetteredToday);

/// <summary>
/// Rates of ingest, from the gateways' ledgers. The ledgers only count, so they are looked at now and then, and the rate is what
/// was added between two looks: also while nobody asks, so that who asks first is told the rate and not that it is unknown.
/// </summary>
public sealed class IngestRates(PostgresPools pools, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan LookUnaskedEvery = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RateOver = TimeSpan.FromSeconds(60);

    // Gateways send every few seconds: over less than this, a rate says more about when one looks than about what arrives.
    private static readonly TimeSpan RateOverMin = TimeSpan.FromSeconds(15);

    // PostgreSQL was away for this long: what was added since says nothing about now.
    private static readonly TimeSpan LooksForgottenAfter = TimeSpan.FromSeconds(60);

    private readonly SemaphoreSlim looking = new(1);
    private readonly LinkedList<Look> looks = [];

    /// <summary>The rate and today's counts of some buildings, at most a second old.</summary>
    /// <param name="buildings">Null means all, with what was sent by users instead of gateways.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public async Task<IngestRate> GetAsync(Guid[]? buildings, CancellationToken cancellationToken)
    {
        await looking.WaitAsync(cancellationToken);
        try
        {
            if (looks.Last is not { } newest || time.GetElapsedTime(newest.Value.Timestamp) >= LookEvery)
                await LookAsync(cancellationToken);
            return Rate(looks.First!.Value, looks.Last!.Value, buildings);
        }
        finally
        {
            looking.Release();
        }
    }

    /// <summary>Readings stored per minute, by gateway, at most a second old; empty until two counts lie far enough apart.</summary>
    public async Task<IReadOnlyDictionary<string, double>> GetByGatewayAsync(CancellationToken cancellationToken)
    {
        await looking.WaitAsync(cancellationToken);
        try
        {
            if (looks.Last is not { } newest || time.GetElapsedTime(newest.Value.Timestamp) >= LookEvery)
                await LookAsync(cancellationToken);
            return RateByGateway(looks.First!.Value, looks.Last!.Value);
        }
        finally
        {
            looking.Release();
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        looking.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookUnaskedEvery, time);
        do
        {
            try
            {
                await GetAsync(null, stoppingToken);
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // PostgreSQL is away, which others say; who asks meanwhile is told by the look of their own.
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private static IngestRate Rate(Look first, Look last, Guid[]? buildings)
    {
        var today = DateOnly.FromDateTime(last.AsOf.UtcDateTime);
        var mine = last.Counts.Where(c => buildings is null || (c.BuildingId is { } id && buildings.Contains(id))).ToList();
        return new IngestRate(
            last.AsOf.UtcDateTime,
            PerMinute(first, last, mine),
            mine.Where(c => c.Day == today).Sum(c => c.Stored),
            mine.Where(c => c.Day == today).Sum(c => c.Duplicate),
            mine.Where(c => c.Day == today).Sum(c => c.DeadLettered));
    }

    private static Dictionary<string, double> RateByGateway(Look first, Look last) => last.Counts
        .GroupBy(count => count.GatewayId)
        .Select(counts => (GatewayId: counts.Key, PerMinute: PerMinute(first, last, counts)))
        .Where(rate => rate.PerMinute is not null)
        .ToDictionary(rate => rate.GatewayId, rate => rate.PerMinute!.Value);

    private static double? PerMinute(Look first, Look last, IEnumerable<Count> counts)
    {
        var span = last.AsOf - first.AsOf;
        if (span < RateOverMin)
            return null;
        var added = counts.Sum(count => count.Stored - first.Stored.GetValueOrDefault((count.GatewayId, count.Day)));
        return Math.Round(added / span.TotalMinutes, 1);
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        // Two days: just after midnight, the day before is still a part of the rate.
        const string sql = """
            SELECT l.gateway_id, g.building_id, l.day, l.stored, l.duplicate, l.dead_lettered
            FROM gateway_ledger l
            LEFT JOIN gateway g USING (gateway_id)
            WHERE l.day >= $1
            """;
        var timestamp = time.GetTimestamp();
        var asOf = time.GetUtcNow();
        await using var command = pools.Read.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<DateOnly> { TypedValue = DateOnly.FromDateTime(asOf.UtcDateTime).AddDays(-1) });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<Count> counts = [];
        while (await reader.ReadAsync(cancellationToken))
        {
            counts.Add(new Count(
                reader.GetString(0), await reader.IsDBNullAsync(1, cancellationToken) ? null : reader.GetGuid(1),
                reader.GetFieldValue<DateOnly>(2), reader.GetInt64(3), reader.GetInt64(4), reader.GetInt64(5)));
        }

        if (looks.Last is { } newest && time.GetElapsedTime(newest.Value.Timestamp, timestamp) > LooksForgottenAfter)
            looks.Clear();
        looks.AddLast(new Look(timestamp, asOf, counts));
        // The oldest stays until the next one alone covers the whole time.
        while (looks.First!.Next is { } second && time.GetElapsedTime(second.Value.Timestamp, timestamp) >= RateOver)
            looks.RemoveFirst();
    }

    private sealed record Look(long Timestamp, DateTimeOffset AsOf, IReadOnlyList<Count> Counts)
    {
        public Dictionary<(string GatewayId, DateOnly Day), long> Stored { get; } =
            Counts.ToDictionary(count => (count.GatewayId, count.Day), count => count.Stored);
    }

    private sealed record Count(string GatewayId, Guid? BuildingId, DateOnly Day, long Stored, long Duplicate, long DeadLettered);
}
