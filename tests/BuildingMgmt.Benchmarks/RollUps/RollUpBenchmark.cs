using System.Diagnostics;
using System.Globalization;
using BuildingMgmt.Benchmarks.Reporting;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.Postgres;
using BuildingMgmt.Functions.RollUps;
using BuildingMgmt.Testing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace BuildingMgmt.Benchmarks.RollUps;

/// <summary>
/// Rolls up hours of a campus: from records of what changed to hourly and daily buckets that are committed. The limit is one plain SQL
/// aggregate of the same readings, which stores nothing. Each case checks that every reading is in a bucket.
/// </summary>
internal sealed class RollUpBenchmark(PostgresFixture postgres, BenchmarkReport report)
{
    private static readonly DateTime Start = new(2026, 3, 10, 8, 0, 0, DateTimeKind.Utc);

    public static async Task RunAsync(BenchmarkReport report, BenchmarkSize size, CancellationToken cancellationToken)
    {
        report.Progress("roll-ups: starting PostgreSQL");
        var postgres = new PostgresFixture();
        await using (postgres)
        {
            await postgres.InitializeAsync();
            var benchmark = new RollUpBenchmark(postgres, report);
            await benchmark.MeasureAsync("every-second", Of(size, 2_000, 500, 20), secondsBetween: 1, hours: 1, cancellationToken);
            await benchmark.MeasureAsync("every-minute", Of(size, 20_000, 5_000, 50), secondsBetween: 60, hours: 3, cancellationToken);
        }
    }

    private async Task MeasureAsync(string name, int points, int secondsBetween, int hours, CancellationToken cancellationToken)
    {
        var readings = (long)points * hours * 3600 / secondsBetween;
        report.Progress(string.Create(CultureInfo.InvariantCulture, $"roll-ups: {name}, {readings:N0} readings"));
        await using var database = await postgres.CreateDatabaseAsync(cancellationToken);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString + ";Command Timeout=0");
        await FillAsync(source, points, secondsBetween, hours, cancellationToken);

        var limit = await TimeAsync(() => ExecuteAsync(
            source,
            "SELECT count(*) FROM (SELECT point_id, date_trunc('hour', time), sum(value), min(value), max(value), count(*) FROM reading GROUP BY 1, 2)",
            cancellationToken));
        await using var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder()
                .AddInMemoryCollection([new("Postgres:ConnectionString", database.ConnectionString)]).Build())
            .AddSingleton(TimeProvider.System)
            .AddPostgres()
            .AddRollUps()
            .BuildServiceProvider();
        var function = new RollUpReadings(services.GetRequiredService<RollUpRun>());
        var seconds = await TimeAsync(async () =>
        {
            do
                await function.RunAsync(new TimerInfo(), cancellationToken);
            while (await ExecuteAsync(source, "SELECT count(*) FROM reading_change", cancellationToken) > 0);
        });

        Require(await ExecuteAsync(source, "SELECT sum(count)::bigint FROM reading_hourly", cancellationToken) == readings, "a reading is in no hour");
        Require(await ExecuteAsync(source, "SELECT sum(count)::bigint FROM reading_daily", cancellationToken) == readings, "a reading is in no day");
        const string limitIs = "one SQL aggregate of the same rows, not stored";
        report.Add(new("roll-ups", name, readings / seconds, "readings/s", readings / limit, limitIs));
        report.Add(new("roll-ups", $"{name}-buckets", points * hours / seconds, "buckets/s", points * hours / limit, limitIs));
    }

    // As ingest leaves them: minute after minute, within each by point and time.
    private static async Task FillAsync(NpgsqlDataSource source, int points, int secondsBetween, int hours, CancellationToken cancellationToken)
    {
        var building = new BuildingSpec(
            StableId.Create("roll-ups"), "roll-ups", "Europe/Amsterdam",
            [new FloorSpec(StableId.Create("roll-ups/floor"), "0", [.. Enumerable.Range(0, points / 10).Select(Sensor)])], []);
        await CatalogueImport.ImportAsync(source, building, cancellationToken);
        await ExecuteAsync(source, "SELECT create_reading_partition('2026-03-01')::text", cancellationToken);
        for (var minute = 0; minute < hours * 60; minute++)
        {
            await using var insert = source.CreateCommand("""
                INSERT INTO reading (time, value, point_id, quality)
                SELECT time, 20 + (point_id * 7919 + extract(epoch FROM time)::bigint) % 1000 / 100.0, point_id, 0
                FROM point CROSS JOIN generate_series($1, $1 + interval '59 s', $2) AS time
                ORDER BY point_id, time
                """);
            insert.Parameters.Add(SqlParameters.One(Start.AddMinutes(minute)));
            insert.Parameters.Add(SqlParameters.One(TimeSpan.FromSeconds(secondsBetween)));
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }

        await using var record = source.CreateCommand("""
            INSERT INTO reading_change (hour, points, cause)
            SELECT hour, (SELECT int4multirange(int4range(min(point_id), max(point_id), '[]')) FROM point), 'late'
            FROM generate_series($1, $2, interval '1 hour') AS hour
            """);
        record.Parameters.Add(SqlParameters.One(Start));
        record.Parameters.Add(SqlParameters.One(Start.AddHours(hours - 1)));
        await record.ExecuteNonQueryAsync(cancellationToken);
        await ExecuteAsync(source, "VACUUM ANALYZE reading", cancellationToken);
    }

    private static SensorSpec Sensor(int sensor) => new(
        StableId.Create($"roll-ups/{sensor}"), $"sensor {sensor}", "climate", null,
        [.. Enumerable.Range(0, 10).Select(point => new PointSpec($"metric {point}", "", null, null, 60))]);

    private static async Task<double> TimeAsync(Func<Task> work)
    {
        var began = Stopwatch.GetTimestamp();
        await work();
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task<long?> ExecuteAsync(NpgsqlDataSource source, string sql, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(sql);
        return await command.ExecuteScalarAsync(cancellationToken) as long?;
    }

    private static void Require(bool holds, string otherwise)
    {
        if (!holds)
            throw new InvalidOperationException($"The roll-ups are wrong: {otherwise}.");
    }

    private static T Of<T>(BenchmarkSize size, T full, T quick, T trial) => size switch
    {
        BenchmarkSize.Full => full,
        BenchmarkSize.Quick => quick,
        _ => trial,
    };
}
