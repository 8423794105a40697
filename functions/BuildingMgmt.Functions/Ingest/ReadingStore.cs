using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using BuildingMgmt.Functions.DeadLetters;
using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>
/// Stores slices: readings, dead letters, ledger, what is to be rolled up and the partition's position in one transaction, so that
/// either all of an event is accounted for or nothing of it.
/// </summary>
internal sealed class ReadingStore(
    PostgresPools pools, FrozenSessions frozenSessions, IOptions<IngestOptions> options, ILogger<ReadingStore> logger)
{
    // After a conflict this many slices of the partition go the slower way that expects conflicts: a gateway that
    // repeats itself does so more than once, and a COPY that fails half-way has cost its time.
    private const int WarySlices = 8;

    private const string Savepoint = "before_copy";

    private readonly ConcurrentDictionary<HubPartition, int> wary = new();

    /// <summary>Stores what of the slice was not stored before.</summary>
    /// <param name="order">Arranged here, by what is left of the slice; the caller reads it afterwards.</param>
    public async Task<StoredSlice> StoreAsync(
        HubPartition partition, EventSlice slice, ReadingOrder order, CancellationToken cancellationToken)
    {
        await using var connection = await pools.Write.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var position = await LockPositionAsync(connection, transaction, partition, cancellationToken);

        var result = new StoredSlice(slice);
        SkipStored(partition, slice, position, result);
        order.Arrange(slice, result.IsSkipped);
        if (result.SkippedEvents == slice.Events.Count)
            return result;

        await StoreReadingsAsync(connection, transaction, partition, slice, order, result, cancellationToken);
        result.Count(slice, order.Twins);
        await WriteRecordsAsync(connection, transaction, RecordsOf(partition, slice, order, result), cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return result;
    }

    /// <summary>
    /// Stores events once more, for what of them could not be stored before, in the caller's transaction: by the same rules, but for
    /// the position, which they are behind.
    /// </summary>
    /// <param name="records">What is kept of it besides the readings and what is to be rolled up.</param>
    public static async Task<StoredSlice> StoreAgainAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        EventSlice slice,
        ReadingOrder order,
        Func<StoredSlice, IEnumerable<NpgsqlBatchCommand>> records,
        CancellationToken cancellationToken)
    {
        var result = new StoredSlice(slice);
        order.Arrange(slice, result.IsSkipped);
        var insert = new ReadingInsert(connection, transaction, slice);
        await insert.AddAsync(order.Ordinary, result.Conflicts, cancellationToken);
        await insert.CorrectAsync(order.Corrections, result.Conflicts, cancellationToken);
        result.Count(slice, order.Twins);
        var all = TouchedHours.InsertCommand(slice, order, result) is { } touched ? records(result).Append(touched) : records(result);
        await WriteRecordsAsync(connection, transaction, all, cancellationToken);
        return result;
    }

    private async Task<PartitionPosition> LockPositionAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, HubPartition partition, CancellationToken cancellationToken)
    {
        try
        {
            return await PartitionPosition.LockAsync(
                connection, transaction, partition, options.Value.FrozenAfterSeconds, Savepoint, cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.LockNotAvailable)
        {
            await frozenSessions.EndAsync(cancellationToken);
            throw;
        }
    }

    private void SkipStored(HubPartition partition, EventSlice slice, PartitionPosition position, StoredSlice result)
    {
        var anew = false;
        for (var index = 0; index < slice.Events.Count; index++)
        {
            var entry = slice.Events[index];
            if (entry.SequenceNumber > position.SequenceNumber)
                continue;
            if (entry.EnqueuedAt <= position.EnqueuedAt)
                result.Skip(index);
            else
                anew = true;
        }

        if (anew)
            logger.HubMadeAnew(partition.Hub, partition.PartitionId, slice.Events[0].SequenceNumber, position.SequenceNumber);
        if (result.SkippedEvents > 0)
            logger.EventsSkipped(result.SkippedEvents, partition.PartitionId, position.SequenceNumber);
    }

    // Straight into the table, which is twice as fast as any way through a staging table: measured on a quiet table, in
    // rows of the key's order, 500,000 rows/s against 200,000. It fails when a reading is there already, which is rare
    // (repeated events are skipped by their position), and then they are inserted by a statement that bears it.
    private async Task StoreReadingsAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        HubPartition partition,
        EventSlice slice,
        ReadingOrder order,
        StoredSlice result,
        CancellationToken cancellationToken)
    {
        var slicesLeft = wary.GetValueOrDefault(partition);
        var copied = order.Ordinary.Count == 0;
        if (!copied && slicesLeft == 0)
        {
            try
            {
                await ReadingCopy.WriteAsync(connection, slice, order.Ordinary, cancellationToken);
                copied = true;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.UniqueViolation)
            {
                await transaction.RollbackAsync(Savepoint, cancellationToken);
            }
        }

        var insert = new ReadingInsert(connection, transaction, slice);
        if (!copied)
        {
            var before = result.Conflicts.Count;
            await insert.AddAsync(order.Ordinary, result.Conflicts, cancellationToken);
            wary[partition] = result.Conflicts.Count > before ? WarySlices : Math.Max(0, slicesLeft - 1);
        }

        await insert.CorrectAsync(order.Corrections, result.Conflicts, cancellationToken);
    }

    private static IEnumerable<NpgsqlBatchCommand> RecordsOf(
        HubPartition partition, EventSlice slice, ReadingOrder order, StoredSlice result)
    {
        if (DeadLetterWriter.InsertCommand(partition, slice, result) is { } deadLetters)
            yield return deadLetters;
        if (TouchedHours.InsertCommand(slice, order, result) is { } touched)
            yield return touched;
        yield return GatewayLedger.AddCommand(slice, result);
        if (GatewayArrivals.RecordCommand(slice, result) is { } arrivals)
            yield return arrivals;
        yield return PartitionPosition.MoveCommand(partition, slice.Events[^1]);
    }

    // What is kept about the slice besides its readings, in one round trip.
    private static async Task WriteRecordsAsync(
        NpgsqlConnection connection, NpgsqlTransaction transaction, IEnumerable<NpgsqlBatchCommand> records, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection, transaction);
        foreach (var record in records)
            batch.BatchCommands.Add(record);
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}

/// <summary>What became of a slice.</summary>
internal sealed class StoredSlice(EventSlice slice)
{
    private readonly bool[] isSkipped = new bool[slice.Events.Count];
    private readonly int[] duplicates = new int[slice.Events.Count];

    /// <summary>Of each event, whether it had been stored before.</summary>
    public ReadOnlySpan<bool> IsSkipped => isSkipped;

    public int SkippedEvents { get; private set; }

    /// <summary>Of each event, how many of its readings changed nothing.</summary>
    public ReadOnlySpan<int> Duplicates => duplicates;

    /// <summary>Places of readings for which PostgreSQL had one already.</summary>
    public List<int> Conflicts { get; } = [];

    public void Skip(int eventIndex)
    {
        isSkipped[eventIndex] = true;
        SkippedEvents++;
    }

    public void Count(EventSlice slice, List<int> twins)
    {
        foreach (var place in CollectionsMarshal.AsSpan(twins))
            duplicates[slice.Readings[place].EventIndex]++;
        foreach (var place in CollectionsMarshal.AsSpan(Conflicts))
            duplicates[slice.Readings[place].EventIndex]++;
    }
}
