using System.Globalization;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Ingest;

namespace BuildingMgmt.Benchmarks.StoreWays;

/// <summary>The decoded events of one run of the trigger, as a way of storing is given them.</summary>
internal sealed class TriggerBatch
{
    private TriggerBatch(HubPartition partition, string[] ids)
    {
        Partition = partition;
        Ids = ids;
    }

    public HubPartition Partition { get; }

    /// <summary>Of each event the gateway's own id of its batch.</summary>
    public IReadOnlyList<string> Ids { get; }

    public EventSlice Slice { get; } = new();

    public ReadingOrder Order { get; } = new();

    public static TriggerBatch Decode(HubPartition partition, CatalogueSnapshot catalogue, IReadOnlyList<IncomingEvent> events)
    {
        var batch = new TriggerBatch(partition, [.. events.Select(item => string.Create(CultureInfo.InvariantCulture, $"{partition.PartitionId}/{item.SequenceNumber}"))]);
        var taken = batch.Slice.Fill(events, 0, catalogue, TimeProvider.System.GetUtcNow(), new IngestOptions { RowsPerTransactionMax = 1_000_000 });
        if (taken < events.Count || batch.Slice.DeadLetters.Count > 0)
            throw new InvalidOperationException("The events of the benchmark are bad, or too many.");
        return batch;
    }

    /// <summary>Sorts the readings by the table's key, as every way stores them; without those of the events that are left out.</summary>
    public List<int> Arrange(ReadOnlySpan<bool> leftOut)
    {
        Order.Arrange(Slice, leftOut);
        return Order.Ordinary;
    }

    public List<int> Arrange() => Arrange(new bool[Slice.Events.Count]);
}
