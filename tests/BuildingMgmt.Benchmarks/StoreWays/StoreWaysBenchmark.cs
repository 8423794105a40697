using System.Diagnostics;
using System.Globalization;
using BuildingMgmt.Benchmarks.Ingest;
using BuildingMgmt.Benchmarks.Reporting;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace BuildingMgmt.Benchmarks.StoreWays;

/// <summary>
/// Ways of storing decoded readings exactly once, from four partitions at once: new ones, with one in a hundred that is there already,
/// and all of them again. The limit is COPY alone of the same rows. Each run checks count and sum of what it left.
/// </summary>
internal sealed class StoreWaysBenchmark(NpgsqlDataSource postgres, CatalogueSnapshot catalogue, BenchmarkReport report)
{
    private const int Partitions = 4;
    private const string LimitIs = "COPY alone of the same rows, new ones";
    private static readonly DateTime Start = new(2025, 6, 1, 0, 0, 0, DateTimeKind.Utc);
    private int runs;

    public static async Task RunAsync(BenchmarkReport report, BenchmarkSize size, CancellationToken cancellationToken)
    {
        report.Progress("store-ways: starting PostgreSQL");
        var server = new PostgresFixture();
        await using (server)
        {
            await server.InitializeAsync();
            await using var database = await server.CreateDatabaseAsync(cancellationToken);
            await using var postgres = NpgsqlDataSource.Create(database.ConnectionString);
            await CatalogueImport.ImportAsync(postgres, Campus.Building, cancellationToken);
            // Nothing here writes to the table store.
            await using var services = InProcessIngest.Create(database.ConnectionString, "UseDevelopmentStorage=true");
            var catalogue = await services.GetRequiredService<CatalogueCache>().GetAsync(cancellationToken);
            var benchmark = new StoreWaysBenchmark(postgres, catalogue, report);
            await benchmark.MeasureAsync(services.GetRequiredService<ReadingStore>(), size, cancellationToken);
        }
    }

    private async Task MeasureAsync(ReadingStore store, BenchmarkSize size, CancellationToken cancellationToken)
    {
        await ExecuteAsync(LedgeredCopy.TableSql, cancellationToken);
        await ExecuteAsync($"SELECT create_reading_partition('{Start:yyyy-MM-dd}')::text", cancellationToken);
        var scale = size switch { BenchmarkSize.Full => 1, BenchmarkSize.Quick => 4, _ => 200 };
        var large = new Workload(ReadingsPerEvent: 1_000, EventsPerBatch: 10, Readings: 2_000_000 / scale);
        var copy = new CopyAlone(postgres);
        await MeasureAsync(copy, "warm-up", large, cancellationToken);
        StoreWay[] ways =
        [
            new ProductionWay("production", store), new CopyOrInsert("copy-or-insert", postgres), new LedgeredCopy(postgres), new StagedCopy(postgres),
            new UnnestInsert(postgres),
        ];
        foreach (var way in ways)
        {
            // Beside each way anew: what comes later finds a log that has grown.
            var limit = await MeasureAsync(copy, "limit", large, cancellationToken);
            Report(way, "new", limit, await MeasureAsync(way, "new", large, cancellationToken));
            Report(way, "all-again", limit, await AgainAsync(way, large, cancellationToken));
            Report(way, "one-in-100-again", limit, await SomeAgainAsync(way, copy, large, cancellationToken));
        }

        var merged = new Workload(ReadingsPerEvent: 10, EventsPerBatch: 100, Readings: 80_000 / scale);
        var mergedLimit = await MeasureAsync(copy, "limit, small events", merged, cancellationToken);
        var production = ways[0];
        var together = await MeasureAsync(production, "events of 10, 100 together", merged, cancellationToken);
        Report(production with { Name = "production-events-of-10-by-100" }, "new", mergedLimit, together);
        var alone = await MeasureAsync(production, "events of 10 alone", merged with { EventsPerBatch = 1 }, cancellationToken);
        Report(production with { Name = "production-events-of-10-alone" }, "new", mergedLimit, alone);
    }

    private void Report(StoreWay way, string scenario, Cost limit, Cost cost) =>
        report.Add(new BenchmarkResult("store-ways", $"{way.Name}-{scenario}", cost.ReadingsPerSecond, "readings/s", limit.ReadingsPerSecond, LimitIs)
        {
            WalBytesAReading = cost.WalBytes,
            TableBytesAReading = cost.TableBytes,
        });

    private async Task<Cost> MeasureAsync(StoreWay way, string what, Workload workload, CancellationToken cancellationToken)
    {
        report.Progress($"store-ways: {way.Name}, {what}");
        await ExecuteAsync("TRUNCATE reading, stored_batch, reading_change", cancellationToken);
        return await StoreAsync(way, workload, cancellationToken);
    }

    // Each event comes from its gateway a second time, and the hub takes it for another.
    private Task<Cost> AgainAsync(StoreWay way, Workload workload, CancellationToken cancellationToken)
    {
        report.Progress($"store-ways: {way.Name}, all again");
        return StoreAsync(way, workload, cancellationToken);
    }

    // Each batch brings readings that came in another one.
    private async Task<Cost> SomeAgainAsync(StoreWay way, CopyAlone copy, Workload workload, CancellationToken cancellationToken)
    {
        await MeasureAsync(copy, "fills in what comes again", workload, cancellationToken);
        await ExecuteAsync("""
            CREATE TABLE again AS SELECT * FROM reading WHERE (point_id + extract(epoch FROM time)::bigint) % 100 = 0;
            TRUNCATE reading;
            INSERT INTO reading SELECT * FROM again ORDER BY time, point_id;
            DROP TABLE again
            """, cancellationToken);
        report.Progress($"store-ways: {way.Name}, one in 100 again");
        return await StoreAsync(way, workload, cancellationToken);
    }

    private async Task<Cost> StoreAsync(StoreWay way, Workload workload, CancellationToken cancellationToken)
    {
        var hub = string.Create(CultureInfo.InvariantCulture, $"run {runs++}");
        var partitions = Enumerable.Range(0, Partitions)
            .Select(partition => Batches(new HubPartition(hub, partition.ToString(CultureInfo.InvariantCulture)), partition, workload)).ToList();
        var (walBefore, bytesBefore) = await SizesAsync(cancellationToken);
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(partitions.Select(async batches =>
        {
            foreach (var batch in batches)
                await way.StoreAsync(batch, cancellationToken);
        }));
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        var (wal, bytes) = await SizesAsync(cancellationToken);
        await RequireAsync(way, workload, cancellationToken);
        double readings = workload.Readings;
        return new Cost(readings / seconds, (wal - walBefore) / readings, (bytes - bytesBefore) / readings);
    }

    private List<TriggerBatch> Batches(HubPartition hubPartition, int partition, Workload workload)
    {
        var events = workload.Readings / workload.ReadingsPerEvent;
        return
        [
            .. Enumerable.Range(0, events).Where(index => index % Partitions == partition)
                .Select(index => InProcessIngest.Event(Start, index, workload.ReadingsPerEvent))
                .Chunk(workload.EventsPerBatch).Select(chunk => TriggerBatch.Decode(hubPartition, catalogue, chunk)),
        ];
    }

    private async Task<(long Wal, long Table)> SizesAsync(CancellationToken cancellationToken)
    {
        await using var command = postgres.CreateCommand("""
            SELECT (pg_current_wal_insert_lsn() - '0/0')::bigint,
                   (SELECT sum(pg_relation_size(relid) + pg_indexes_size(relid))::bigint FROM pg_partition_tree('reading') WHERE isleaf)
            """);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return (row.GetInt64(0), row.GetInt64(1));
    }

    private async Task RequireAsync(StoreWay way, Workload workload, CancellationToken cancellationToken)
    {
        await using var command = postgres.CreateCommand("SELECT count(*), sum(round(value::numeric, 2)) FROM reading");
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        var sum = Enumerable.Range(0, workload.Readings).Sum(index => Math.Round((decimal)Campus.ReadingAt(Start, index).Value, 2));
        if (row.GetInt64(0) != workload.Readings || row.GetDecimal(1) != sum)
        {
            throw new InvalidOperationException(
                $"{way.Name} left {row.GetInt64(0)} readings with the sum {row.GetDecimal(1)}; {workload.Readings} with {sum} were to be stored.");
        }
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = postgres.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <param name="EventsPerBatch">Events that are stored by one transaction.</param>
    private sealed record Workload(int ReadingsPerEvent, int EventsPerBatch, int Readings);

    private sealed record Cost(double ReadingsPerSecond, double WalBytes, double TableBytes);
}
