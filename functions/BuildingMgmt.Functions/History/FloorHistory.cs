using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace BuildingMgmt.Functions.History;

/// <summary>Answers what is asked of a floor's history: series that are reduced to what fits, or pages of readings.</summary>
public sealed class FloorHistory
{
    // Of all series while they are read, some 56 bytes each. What is kept beyond the answer's size lets series that have much take
    // the place of those that have little.
    private const int SamplesInMemoryMax = 400_000;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly NpgsqlDataSource source;
    private readonly int secondsMax;
    private readonly TimeProvider time;
    private readonly ILogger<FloorHistory> logger;

    internal FloorHistory(PostgresPools pools, IOptions<PostgresOptions> options, TimeProvider time, ILogger<FloorHistory> logger)
    {
        source = pools.Read;
        this.time = time;
        this.logger = logger;
        secondsMax = options.Value.ReadTimeoutSeconds;
    }

    /// <summary>The answer, in a form that the caller accepts.</summary>
    /// <exception cref="ProblemException">It would be too large or take too long.</exception>
    internal Task<HistoryAnswer> AnswerAsync(HistoryQuery query, HistoryFormat format, CancellationToken cancellationToken) =>
        query.Page is { } page ? PageAsync(query, page, format, cancellationToken) : SeriesAsync(query, format, cancellationToken);

    private async Task<HistoryAnswer> SeriesAsync(HistoryQuery query, HistoryFormat format, CancellationToken cancellationToken)
    {
        var passedSeconds = query.Range.PassedSeconds(time.GetUtcNow().UtcDateTime);
        var samplesMax = Math.Clamp(SamplesInMemoryMax / Math.Max(1, query.Points.Count), HistoryChart.PointsMin, query.PointsMax);
        var read = new Dictionary<int, HistorySeries>();
        await WithinTimeAsync(
            query,
            async (connection, token) =>
            {
                await HistoryReader.ReadSeriesAsync(
                    connection,
                    query,
                    (point, samples) => read[point.PointId] = HistorySeries.Of(point, samples, query.Resolution, passedSeconds, samplesMax),
                    token);
                return read.Count;
            },
            cancellationToken);
        var series = query.Points
            .Where(point => read.ContainsKey(point.PointId) || query.NamesSensors || point.Sensor.Status == SensorStatus.Active)
            .Select(point => read.GetValueOrDefault(point.PointId) ?? HistorySeries.Of(point, [], query.Resolution, passedSeconds, samplesMax));
        var pointsMax = read.Values.Any(one => one.IsReduced) ? samplesMax : query.PointsMax;
        return HistoryAnswer.Of(new HistoryChart(query, [.. series], pointsMax), format);
    }

    private async Task<HistoryAnswer> PageAsync(HistoryQuery query, HistoryPage page, HistoryFormat format, CancellationToken cancellationToken)
    {
        var rows = await WithinTimeAsync(
            query, (connection, token) => HistoryReader.ReadRowsAsync(connection, query, page, token), cancellationToken);
        return HistoryAnswer.Of(new HistoryRows(query, page, rows), format);
    }

    // The driver's own time limit begins anew with each piece that it reads.
    private async Task<T> WithinTimeAsync<T>(
        HistoryQuery query, Func<NpgsqlConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        await using var connection = await source.OpenConnectionAsync(cancellationToken);
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(secondsMax), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await read(connection, either.Token);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested && IsTooSlow(e))
        {
            logger.HistoryTooSlow(
                query.Floor.FloorId, secondsMax, query.Points.Count, query.Range.From, query.Range.To, query.Resolution);
            throw new ProblemException(TooSlow(query));
        }
    }

    private static bool IsTooSlow(Exception exception) => exception
        is OperationCanceledException
        or PostgresException { SqlState: PostgresErrorCodes.QueryCanceled }
        or NpgsqlException { InnerException: TimeoutException };

    private Problem TooSlow(HistoryQuery query) =>
        Problem.Unavailable(
            $"The history of {query.Points.Count} points from {query.Range.From:O} to {query.Range.To:O} by resolution {query.Resolution.Name()} "
                + $"was not read within {secondsMax} s.",
            RetryAfter) with
        {
            Hint = "Narrow it: fewer days (\"from\", \"to\"), fewer of the floor's points (\"metric\", \"sensor_id\"), or a coarser \"resolution\".",
        };
}
