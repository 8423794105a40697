using System.Diagnostics;
using System.Globalization;
using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Producer;
using BuildingMgmt.Benchmarks.Reporting;
using BuildingMgmt.Database;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Benchmarks.Ingest;

/// <summary>
/// Readings per second from a gateway's send over AMQP to rows in PostgreSQL and latest values in the table store, with
/// everything durable, beside COPY. Each case writes minutes of its own and checks count and sum of what was stored.
/// </summary>
internal sealed class IngestBenchmark(RunningStack stack, NpgsqlDataSource postgres, BenchmarkReport report, BenchmarkRequest request, string suffix)
{
    public const int Partitions = 4;
    private const int SendsInFlightPerPartition = 4;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    // Older readings fill the month up to its 28th day.
    private static readonly DateTime Month = new(2025, 6, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan CaseLength = TimeSpan.FromMinutes(20);
    private DateTime nextStart = Month.AddDays(27);

    public static IReadOnlyList<int> EventSizes { get; } = [1, 100, 1_000, 10_000];

    public static async Task RunAsync(BenchmarkReport report, BenchmarkRequest request, CancellationToken cancellationToken)
    {
        // How instances share the work does not depend on what the table holds.
        int[] instanceCounts = request.OlderRows > 0 || request.Size == BenchmarkSize.Trial ? [1] : [1, 2, 4];
        foreach (var instances in instanceCounts)
        {
            report.Progress(string.Create(CultureInfo.InvariantCulture, $"ingest: starting the system, app processes: {instances}"));
            await using var stack = await RunningStack.StartAsync("--no-demo", "--instances", instances.ToString(CultureInfo.InvariantCulture));
            await using var postgres = NpgsqlDataSource.Create(stack.Run.Postgres);
            await CatalogueImport.ImportAsync(postgres, Campus.Building, cancellationToken);
            var suffix = request.OlderRows > 0 ? string.Create(CultureInfo.InvariantCulture, $"-with-{request.OlderRows / 1e6:0.#}-million")
                : instances > 1 ? string.Create(CultureInfo.InvariantCulture, $"-by-{instances}")
                : "";
            var benchmark = new IngestBenchmark(stack, postgres, report, request, suffix);
            await benchmark.MeasureRatesAsync(cancellationToken);
            if (instances == 1)
                await benchmark.MeasureOneAsync(cancellationToken);
        }
    }

    private async Task MeasureRatesAsync(CancellationToken cancellationToken)
    {
        // What warms the system up for a measurement is not needed where nothing is measured.
        var warmUp = request.Size == BenchmarkSize.Trial ? 4_000 : 200_000;
        if (request.OlderRows > 0)
            await new OlderReadings(postgres, report).FillAsync(request.OlderRows, Month, cancellationToken);
        var copy = new CopyLimit(postgres, await PointIdsAsync(cancellationToken));
        await StoreAsync(1_000, warmUp, NextStart(), cancellationToken); // warm: compiled code, open connections, a grown WAL

        foreach (var readingsPerEvent in EventSizes)
        {
            var full = readingsPerEvent switch { 1 => 40_000, 100 => 1_000_000, _ => 3_000_000 };
            await CaseAsync(readingsPerEvent, Of(full, full / 4, full / 100), copy, cancellationToken);
        }
    }

    private async Task MeasureOneAsync(CancellationToken cancellationToken)
    {
        var freshness = TimeSpan.FromSeconds(Of(20, 5, 1));
        await new FreshnessCase(stack, report, suffix).MeasureAsync(NextStart(), freshness, cancellationToken);
        if (request.OlderRows == 0)
            await new AllocationCase(stack, report).MeasureAsync(runs: Of(5, 3, 1), readingsPerRun: Of(50_000, 50_000, 1_000), cancellationToken);
    }

    private async Task CaseAsync(int readingsPerEvent, int count, CopyLimit copy, CancellationToken cancellationToken)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"events-of-{readingsPerEvent}{suffix}");
        report.Progress(string.Create(CultureInfo.InvariantCulture, $"ingest: {name}, {count:N0} readings"));
        var start = await BeginAsync(cancellationToken);
        var sizeBefore = await SizeAsync(cancellationToken);
        var cpuBefore = StackCpu.Of(stack.Run);
        var rate = await StoreAsync(readingsPerEvent, count, start, cancellationToken);
        var cpu = StackCpu.Of(stack.Run) - cpuBefore;
        var bytes = await SizeAsync(cancellationToken) - sizeBefore;
        var stored = await StoredAsync(start, cancellationToken);

        start = await BeginAsync(cancellationToken);
        sizeBefore = await SizeAsync(cancellationToken);
        var limit = await copy.MeasureAsync(start, count, readingsPerEvent, cancellationToken);
        var copiedBytes = await SizeAsync(cancellationToken) - sizeBefore;
        var copied = await StoredAsync(start, cancellationToken);
        if (stored.Count != count || stored != copied)
            throw new InvalidOperationException($"{name}: stored {stored}, but COPY of the same {count} readings gives {copied}.");

        report.Add(new BenchmarkResult("ingest", name, rate, "readings/s", limit, "binary COPY of the same rows"));
        var cpuName = readingsPerEvent == 1_000 ? "cpu-a-million" : string.Create(CultureInfo.InvariantCulture, $"cpu-a-million-of-{readingsPerEvent}");
        report.Add(new BenchmarkResult("ingest", cpuName + suffix, cpu.TotalSeconds * 1e6 / count, "s"));
        if (readingsPerEvent == 1_000)
            report.Add(new BenchmarkResult("ingest", "bytes-a-row" + suffix, (double)bytes / count, "bytes", (double)copiedBytes / count, "the same rows by COPY"));
    }

    // Without older readings each measurement begins with an empty table.
    private async Task<DateTime> BeginAsync(CancellationToken cancellationToken)
    {
        if (request.OlderRows == 0)
            await ForgetReadingsAsync(cancellationToken);
        return NextStart();
    }

    private DateTime NextStart()
    {
        var start = nextStart;
        nextStart += CaseLength;
        return start;
    }

    /// <summary>Sends what was encoded beforehand and waits until the ledger has accounted for all of it.</summary>
    private async Task<double> StoreAsync(int readingsPerEvent, int count, DateTime start, CancellationToken cancellationToken)
    {
        var events = new byte[count / readingsPerEvent][];
        for (var i = 0; i < events.Length; i++)
            events[i] = Campus.BatchOf(start, (long)i * readingsPerEvent, readingsPerEvent);

        var wanted = await LedgerAsync(cancellationToken) + count;
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Partitions).Select(partition => SendAsync(events, partition, cancellationToken)));
        await Eventually.TrueAsync(async () => await LedgerAsync(cancellationToken) >= wanted, Deadline, $"{count} readings are stored", cancellationToken);
        return count / clock.Elapsed.TotalSeconds;
    }

    private async Task SendAsync(byte[][] events, int partition, CancellationToken cancellationToken)
    {
        await using var producer = new EventHubProducerClient(stack.Run.EventHubs, stack.Run.Hub);
        var options = new SendEventOptions { PartitionId = partition.ToString(CultureInfo.InvariantCulture) };
        var next = partition - Partitions;
        // Small events travel as one AMQP batch, as the producer of a busy gateway sends them.
        var eventsPerSend = Math.Max(1, Math.Min(100, 200_000 / Math.Max(1, events[0].Length)));
        await Task.WhenAll(Enumerable.Range(0, SendsInFlightPerPartition).Select(async _ =>
        {
            var batch = new List<EventData>(eventsPerSend);
            while (true)
            {
                batch.Clear();
                while (batch.Count < eventsPerSend && Interlocked.Add(ref next, Partitions) is var index && index < events.Length)
                    batch.Add(new EventData(events[index]));
                if (batch.Count == 0)
                    return;
                await producer.SendAsync(batch, options, cancellationToken);
            }
        }));
    }

    private async Task<long> LedgerAsync(CancellationToken cancellationToken)
    {
        await using var command = postgres.CreateCommand(
            "SELECT coalesce(sum(sent), 0)::bigint FROM gateway_ledger WHERE gateway_id = 'benchmark-gateway'");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task<Stored> StoredAsync(DateTime start, CancellationToken cancellationToken)
    {
        await using var command = postgres.CreateCommand("""
            SELECT count(*), coalesce(sum(round(value::numeric, 2)), 0) FROM reading WHERE time >= $1 AND time < $2
            """);
        command.CommandTimeout = 0;
        command.Parameters.Add(SqlParameters.One(start));
        command.Parameters.Add(SqlParameters.One(start + CaseLength));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new Stored(row.GetInt64(0), row.GetDecimal(1));
    }

    private async Task<long> SizeAsync(CancellationToken cancellationToken)
    {
        await using var command = postgres.CreateCommand("""
            SELECT coalesce(sum(pg_relation_size(relid) + pg_indexes_size(relid)), 0)::bigint FROM pg_partition_tree('reading') WHERE isleaf
            """);
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private async Task ForgetReadingsAsync(CancellationToken cancellationToken)
    {
        await using var command = postgres.CreateCommand("TRUNCATE reading");
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task<int[,]> PointIdsAsync(CancellationToken cancellationToken)
    {
        var sensors = Enumerable.Range(0, Campus.Sensors).ToDictionary(Campus.SensorId);
        var ids = new int[Campus.Sensors, Campus.Metrics.Length];
        await using var command = postgres.CreateCommand("SELECT sensor_id, metric, point_id FROM point");
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        while (await row.ReadAsync(cancellationToken))
            ids[sensors[row.GetGuid(0)], Array.IndexOf(Campus.Metrics, row.GetString(1))] = row.GetInt32(2);
        return ids;
    }

    private int Of(int full, int quick, int trial) => request.Size switch
    {
        BenchmarkSize.Full => full,
        BenchmarkSize.Quick => quick,
        _ => trial,
    };

    private sealed record Stored(long Count, decimal Sum);
}
