using System.Diagnostics;
using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Producer;
using BuildingMgmt.Benchmarks.Reporting;
using BuildingMgmt.Database;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Benchmarks.Ingest;

/// <summary>
/// Readings per second from a gateway's send over AMQP to rows in PostgreSQL and latest values in the table store, with
/// everything durable, beside COPY. Each case writes a month of its own and checks count and sum of what was stored.
/// </summary>
internal sealed class IngestBenchmark(RunningStack stack, NpgsqlDataSource postgres, BenchmarkReport report)
{
    public const int Partitions = 4;
    private const int SendsInFlightPerPartition = 4;
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    public static async Task RunAsync(BenchmarkReport report, BenchmarkSize size, CancellationToken cancellationToken)
    {
        report.Progress("ingest: starting the system");
        await using var stack = await RunningStack.StartAsync("--no-demo");
        await using var postgres = NpgsqlDataSource.Create(stack.Run.Postgres);
        await CatalogueImport.ImportAsync(postgres, Campus.Building, cancellationToken);
        await new IngestBenchmark(stack, postgres, report).MeasureAsync(size, cancellationToken);
    }

    private async Task MeasureAsync(BenchmarkSize size, CancellationToken cancellationToken)
    {
        var scale = size switch { BenchmarkSize.Full => 1, BenchmarkSize.Quick => 4, _ => 100 };
        var freshnessSeconds = size switch { BenchmarkSize.Full => 20, BenchmarkSize.Quick => 5, _ => 1 };
        // What warms the system up for a measurement is not needed where nothing is measured.
        var warmUp = size == BenchmarkSize.Trial ? 4_000 : 200_000;
        var copy = new CopyLimit(postgres, await PointIdsAsync(cancellationToken));
        await StoreAsync(1_000, warmUp, Month(0), cancellationToken); // warm: compiled code, open connections, a grown WAL
        await ForgetReadingsAsync(cancellationToken);

        await CaseAsync("events-of-1", 1, 40_000 / scale, Month(1), copy, cancellationToken);
        await CaseAsync("events-of-100", 100, 1_000_000 / scale, Month(2), copy, cancellationToken);
        await CaseAsync("events-of-1000", 1_000, 3_000_000 / scale, Month(3), copy, cancellationToken);
        await CaseAsync("events-of-10000", 10_000, 3_000_000 / scale, Month(4), copy, cancellationToken);
        await new FreshnessCase(stack, report).MeasureAsync(TimeSpan.FromSeconds(freshnessSeconds), cancellationToken);
    }

    private async Task CaseAsync(string name, int readingsPerEvent, int count, DateTime start, CopyLimit copy, CancellationToken cancellationToken)
    {
        report.Progress($"ingest: {name}, {count:N0} readings");
        var cpuBefore = StackCpu.Of(stack.Run);
        var rate = await StoreAsync(readingsPerEvent, count, start, cancellationToken);
        var cpu = StackCpu.Of(stack.Run) - cpuBefore;
        var stored = await StoredAsync(cancellationToken);
        await ForgetReadingsAsync(cancellationToken);

        var limit = await copy.MeasureAsync(start, count, readingsPerEvent, cancellationToken);
        var copied = await StoredAsync(cancellationToken);
        if (stored.Count != count || stored != copied with { Bytes = stored.Bytes })
            throw new InvalidOperationException($"{name}: stored {stored}, but COPY of the same {count} readings gives {copied}.");
        await ForgetReadingsAsync(cancellationToken);

        report.Add(new BenchmarkResult("ingest", name, rate, "readings/s", limit, "binary COPY of the same rows"));
        if (readingsPerEvent != 1_000)
            return;
        report.Add(new BenchmarkResult("ingest", "bytes-a-row", (double)stored.Bytes / count, "bytes", (double)copied.Bytes / count, "the same rows by COPY"));
        report.Add(new BenchmarkResult("ingest", "cpu-a-million", cpu.TotalSeconds * 1e6 / count, "s"));
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
        var options = new SendEventOptions { PartitionId = partition.ToString(System.Globalization.CultureInfo.InvariantCulture) };
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

    private async Task<Stored> StoredAsync(CancellationToken cancellationToken)
    {
        await using var command = postgres.CreateCommand("""
            SELECT count(*), coalesce(sum(round(value::numeric, 2)), 0),
                   (SELECT coalesce(sum(pg_relation_size(relid) + pg_indexes_size(relid)), 0)::bigint
                    FROM pg_partition_tree('reading') WHERE isleaf)
            FROM reading
            """);
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        await row.ReadAsync(cancellationToken);
        return new Stored(row.GetInt64(0), row.GetDecimal(1), row.GetInt64(2));
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

    private static DateTime Month(int offset) => new DateTime(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddMonths(offset);

    private sealed record Stored(long Count, decimal Sum, long Bytes);
}
