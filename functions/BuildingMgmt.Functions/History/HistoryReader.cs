using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.LatestValues;
using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.History;

/// <summary>A stored reading of a page.</summary>
internal readonly record struct HistoryRow(CataloguePoint Point, HistorySample Sample);

/// <summary>Reads history from PostgreSQL, each query by one statement, whatever the number of points.</summary>
internal static class HistoryReader
{
    // A point has this many intervals to report again before its silence is a gap.
    private const int GapIntervals = 3;

    // Clock hours are an hour apart, or half of one more or less where the clock is put by half an hour.
    private static readonly TimeSpan HoursApartMax = TimeSpan.FromMinutes(90);

    private const string RawSql = """
        SELECT point_id, time, value, quality FROM reading
        WHERE point_id = ANY($1) AND time >= $2 AND time < $3
        ORDER BY point_id, time
        """;

    private const string PageSql = """
        SELECT point_id, time, value, quality FROM reading
        WHERE point_id = ANY($1) AND time >= $2 AND time < $3 AND (point_id, time) > ($4, $5)
        ORDER BY point_id, time
        LIMIT $6
        """;

    // Buckets that reach into the range.
    private const string HourSql = """
        SELECT point_id, bucket, average, min, max, count, worst_quality, length_s, least(1, coalesce(weight_s / length_s, count / expected))
        FROM reading_hourly
        WHERE point_id = ANY($1) AND bucket > $2 - interval '1 hour' AND bucket < $3
        ORDER BY point_id, bucket
        """;

    private const string DaySql = """
        SELECT point_id, day, average, min, max, count, worst_quality, length_s, least(1, coalesce(weight_s / length_s, count / expected))
        FROM reading_daily
        WHERE point_id = ANY($1) AND day >= $2 AND day <= $3
        ORDER BY point_id, day
        """;

    /// <summary>Reads the series of a query, one after another, in the order of their points.</summary>
    /// <param name="take">Gets each point that has samples, and the samples in the order of time, which are reused for the next.</param>
    public static async Task ReadSeriesAsync(
        NpgsqlConnection connection, HistoryQuery query, Action<CataloguePoint, List<HistorySample>> take, CancellationToken cancellationToken)
    {
        await using var command = SeriesCommand(connection, query);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var samples = new List<HistorySample>();
        var index = 0;
        while (await reader.ReadAsync(cancellationToken))
        {
            for (var pointId = reader.GetInt32(0); query.Points[index].PointId != pointId; index++)
                HandOver(query.Points[index]);
            Add(samples, Sample(reader, query), query.Points[index], query.Resolution);
        }

        if (index < query.Points.Count)
            HandOver(query.Points[index]);

        void HandOver(CataloguePoint point)
        {
            if (samples.Count > 0)
                take(point, samples);
            samples.Clear();
        }
    }

    /// <summary>Reads the rows of a page, and one more when another page follows.</summary>
    public static async Task<List<HistoryRow>> ReadRowsAsync(
        NpgsqlConnection connection, HistoryQuery query, HistoryPage page, CancellationToken cancellationToken)
    {
        var points = query.Points.ToDictionary(point => point.PointId);
        await using var command = new NpgsqlCommand(PageSql, connection)
        {
            Parameters =
            {
                // The points before the cursor's have no rows left.
                Many(query.Points.Where(point => page.After is null || point.PointId >= page.After.Value.PointId), point => point.PointId),
                One(query.Range.From),
                One(query.Range.To),
                One(page.After?.PointId ?? int.MinValue),
                One(page.After?.Time ?? query.Range.From),
                One(page.RowsMax + 1L),
            },
        };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        List<HistoryRow> rows = [];
        while (await reader.ReadAsync(cancellationToken))
            rows.Add(new HistoryRow(points[reader.GetInt32(0)], RawSample(reader)));
        return rows;
    }

    private static NpgsqlCommand SeriesCommand(NpgsqlConnection connection, HistoryQuery query)
    {
        var points = Many(query.Points, point => point.PointId);
        var range = query.Range;
        return query.Resolution switch
        {
            HistoryResolution.Raw => new(RawSql, connection) { Parameters = { points, One(range.From), One(range.To) } },
            HistoryResolution.Hour => new(HourSql, connection) { Parameters = { points, One(range.From), One(range.To) } },
            _ => new(DaySql, connection) { Parameters = { points, One(range.FirstDay), One(range.LastDay) } },
        };
    }

    private static HistorySample Sample(NpgsqlDataReader reader, HistoryQuery query) => query.Resolution switch
    {
        HistoryResolution.Raw => RawSample(reader),
        HistoryResolution.Hour => BucketSample(reader, reader.GetDateTime(1)),
        _ => BucketSample(reader, query.Range.Clock.StartOf(reader.GetFieldValue<DateOnly>(1))),
    };

    private static HistorySample RawSample(NpgsqlDataReader reader)
    {
        var quality = (ReadingQuality)reader.GetInt16(3);
        return new(reader.GetDateTime(1), reader.GetDouble(2))
        {
            Quality = quality,
            Count = quality is ReadingQuality.Good or ReadingQuality.Uncertain ? 1 : 0,
        };
    }

    private static HistorySample BucketSample(NpgsqlDataReader reader, DateTime at) => new(at, Value(reader, 2))
    {
        Min = Value(reader, 3),
        Max = Value(reader, 4),
        Count = reader.GetInt32(5),
        Quality = reader.IsDBNull(6) ? null : (ReadingQuality)reader.GetInt16(6),
        LengthSeconds = reader.GetInt32(7),
        Coverage = reader.GetDouble(8),
    };

    private static double Value(NpgsqlDataReader reader, int column) => reader.IsDBNull(column) ? double.NaN : reader.GetDouble(column);

    private static void Add(List<HistorySample> samples, HistorySample next, CataloguePoint point, HistoryResolution resolution)
    {
        if (samples.Count > 0 && GapBetween(samples[^1], next, point, resolution) is { } gapAt)
            samples.Add(HistorySample.Gap(gapAt));
        samples.Add(next);
    }

    private static DateTime? GapBetween(HistorySample before, HistorySample next, CataloguePoint point, HistoryResolution resolution)
    {
        var (step, apartMax) = resolution switch
        {
            HistoryResolution.Raw => (TimeSpan.FromSeconds(point.IntervalSeconds), TimeSpan.FromSeconds((double)point.IntervalSeconds * GapIntervals)),
            HistoryResolution.Hour => (TimeSpan.FromHours(1), HoursApartMax),
            _ => DayStep(before),
        };
        return next.At - before.At > apartMax ? before.At + step : null;
    }

    // Its seconds are those that belong to the day: the next one begins then, or an hour later where clocks go back to the day before.
    private static (TimeSpan Step, TimeSpan ApartMax) DayStep(HistorySample before)
    {
        var length = TimeSpan.FromSeconds(before.LengthSeconds);
        return (length, length + TimeSpan.FromHours(2));
    }
}
