using System.Globalization;
using BuildingMgmt.Benchmarks.Reporting;
using Npgsql;

namespace BuildingMgmt.Benchmarks.Ingest;

/// <summary>
/// Fills <c>reading</c> as months of ingest would have: all points, evenly, row after row in the order of time, a full index on each
/// partition. The last month is the one that is measured, and has room at its end.
/// </summary>
internal sealed class OlderReadings(NpgsqlDataSource postgres, BenchmarkReport report)
{
    /// <summary>A thousand points that report every minute for a month.</summary>
    private const long RowsPerMonth = 43_200_000;

    private static readonly TimeSpan Filled = TimeSpan.FromDays(27);

    /// <param name="lastMonth">First moment of the month that is measured.</param>
    public async Task FillAsync(long rows, DateTime lastMonth, CancellationToken cancellationToken)
    {
        var points = await ScalarAsync("SELECT count(*) FROM point", cancellationToken);
        var months = (int)Math.Max(1, Math.Round((double)rows / RowsPerMonth));
        for (var month = 0; month < months; month++)
        {
            report.Progress(string.Create(CultureInfo.InvariantCulture, $"ingest: filling month {month + 1} of {months}, {rows / months:N0} readings"));
            await FillMonthAsync(lastMonth.AddMonths(-month), rows / months / points, cancellationToken);
        }
    }

    private async Task FillMonthAsync(DateTime start, long rounds, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"reading_{start:yyyy_MM}");
        // The key after the rows, and then the partition: many times faster than row by row, and the same pages in the end.
        await ExecuteAsync($"CREATE TABLE {name} (LIKE reading INCLUDING ALL EXCLUDING INDEXES)", cancellationToken);
        await using (var fill = postgres.CreateCommand($"""
            INSERT INTO {name} (time, value, point_id, quality)
            SELECT $1 + round * $2, 20 + (point_id * 7919 + round) % 1000 / 100.0, point_id, 0
            FROM generate_series(0, $3 - 1) AS round CROSS JOIN (SELECT point_id FROM point ORDER BY point_id) AS p
            """))
        {
            fill.CommandTimeout = 0;
            fill.Parameters.Add(new NpgsqlParameter<DateTime> { TypedValue = start });
            fill.Parameters.Add(new NpgsqlParameter<TimeSpan> { TypedValue = Filled / Math.Max(1, rounds) });
            fill.Parameters.Add(new NpgsqlParameter<long> { TypedValue = rounds });
            await fill.ExecuteNonQueryAsync(cancellationToken);
        }

        await ExecuteAsync($"ALTER TABLE {name} ADD PRIMARY KEY (point_id, time)", cancellationToken);
        await ExecuteAsync(
            string.Create(CultureInfo.InvariantCulture, $"SELECT create_reading_partition('{start:yyyy-MM-dd}')::text"), cancellationToken);
        await ExecuteAsync($"VACUUM (FREEZE, ANALYZE) {name}", cancellationToken);
    }

    private async Task<long> ScalarAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = postgres.CreateCommand(sql);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = postgres.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
