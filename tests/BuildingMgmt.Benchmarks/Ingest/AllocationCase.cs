using BuildingMgmt.Benchmarks.Reporting;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Benchmarks.Ingest;

/// <summary>
/// Bytes that ingest allocates for a reading, beyond the event's own: the app's own handler in this process, over the real stores, as
/// the runtime counts them. Once with everything, and once from bytes to commit, without the latest values.
/// </summary>
internal sealed class AllocationCase(RunningStack stack, BenchmarkReport report)
{
    // maxEventBatchSize of host.json.
    private const int EventsPerRunMax = 256;
    private const int WarmUps = 2;

    private static readonly HubPartition Partition = new("allocation", "0");

    /// <param name="runs">Trigger batches that are counted.</param>
    /// <param name="readingsPerRun">About, and at most; a busy partition's run fills a transaction of 50,000.</param>
    public async Task MeasureAsync(int runs, int readingsPerRun, CancellationToken cancellationToken)
    {
        report.Progress("ingest: bytes allocated");
        await using var services = InProcessIngest.Create(stack.Run.Postgres, stack.Run.Storage);
        var ingest = services.GetRequiredService<TelemetryIngest>();
        var path = await StorePath.CreateAsync(services, cancellationToken);
        var month = new DateTime(2025, 9, 1, 0, 0, 0, DateTimeKind.Utc);
        foreach (var readingsPerEvent in IngestBenchmark.EventSizes)
        {
            var eventsPerRun = Math.Min(EventsPerRunMax, Math.Max(1, readingsPerRun / readingsPerEvent));
            await MeasureAsync("allocated", readingsPerEvent, eventsPerRun, runs, month, (events, at) => ingest.StoreAsync(events, at, cancellationToken));
            await MeasureAsync("allocated-to-commit", readingsPerEvent, eventsPerRun, runs, month.AddDays(1), (events, at) => path.StoreAsync(events, at, cancellationToken));
            month = month.AddDays(2);
        }
    }

    private async Task MeasureAsync(
        string name, int readingsPerEvent, int eventsPerRun, int runs, DateTime start, Func<IncomingEvent[], HubPartition, Task> store)
    {
        var partition = Partition with { PartitionId = $"{name}/{readingsPerEvent}" };
        var events = Enumerable.Range(0, eventsPerRun * (WarmUps + runs))
            .Select(index => InProcessIngest.Event(start, index, readingsPerEvent)).Chunk(eventsPerRun).ToArray();
        foreach (var run in events[..WarmUps])
            await store(run, partition);
        // Of the whole process, which does nothing else: ingest goes on on whatever thread its stores answer.
        var before = GC.GetTotalAllocatedBytes(precise: true);
        foreach (var run in events[WarmUps..])
            await store(run, partition);
        var allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        var readings = (double)runs * eventsPerRun * readingsPerEvent;
        report.Add(new BenchmarkResult("ingest", $"{name}-of-{readingsPerEvent}", allocated / readings, "bytes a reading", 32, "what is allowed"));
    }

    /// <summary>From bytes to commit: decoder, order and store as the handler uses them.</summary>
    private sealed class StorePath(ReadingStore store, ReadingMonths months, IngestOptions options, CatalogueSnapshot catalogue)
    {
        private readonly EventSlice slice = new();
        private readonly ReadingOrder order = new();

        public static async Task<StorePath> CreateAsync(IServiceProvider services, CancellationToken cancellationToken) => new(
            services.GetRequiredService<ReadingStore>(),
            services.GetRequiredService<ReadingMonths>(),
            services.GetRequiredService<IOptions<IngestOptions>>().Value,
            await services.GetRequiredService<CatalogueCache>().GetAsync(cancellationToken));

        public async Task StoreAsync(IncomingEvent[] events, HubPartition partition, CancellationToken cancellationToken)
        {
            for (var first = 0; first < events.Length;)
            {
                first += slice.Fill(events, first, catalogue, TimeProvider.System.GetUtcNow(), options);
                await months.EnsureAsync(slice.Readings, cancellationToken);
                await store.StoreAsync(partition, slice, order, cancellationToken);
            }
        }
    }
}
