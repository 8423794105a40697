using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>The last event of a partition that is stored; its row is what instances lock to take turns.</summary>
internal readonly record struct PartitionPosition(long SequenceNumber, DateTime EnqueuedAt)
{
    // Who waits for a partition waits longer than its holder may be idle.
    public const int LockMarginSeconds = 5;

    // The row is made first, so that also the first event of a partition finds something to lock.
    private const string MakeSql = """
        INSERT INTO ingest_position (hub, partition_id, sequence_number, enqueued_at) VALUES ($1, $2, -1, '-infinity')
        ON CONFLICT (hub, partition_id) DO NOTHING
        """;

    // Held until the commit: two instances that were given the same events take turns, and the second finds them stored.
    private const string LockSql = """
        SELECT sequence_number, enqueued_at FROM ingest_position WHERE hub = $1 AND partition_id = $2 FOR UPDATE
        """;

    private const string MoveSql = """
        UPDATE ingest_position SET sequence_number = $3, enqueued_at = $4 WHERE hub = $1 AND partition_id = $2
        """;

    /// <summary>Locks the partition for the transaction, and begins a savepoint, in one round trip.</summary>
    /// <exception cref="PostgresException">Among others, the lock was not available within the time that its holder may be frozen.</exception>
    public static async Task<PartitionPosition> LockAsync(
        NpgsqlConnection connection,
        NpgsqlTransaction transaction,
        HubPartition partition,
        int frozenAfterSeconds,
        string savepoint,
        CancellationToken cancellationToken)
    {
        // Of the transaction only: behind PgBouncer the session goes on to someone else. An instance that freezes in the
        // middle must not keep the partition from the one that takes it over.
        var idleLimitSql = $"SET LOCAL idle_in_transaction_session_timeout = '{frozenAfterSeconds}s'";
        var lockLimitSql = $"SET LOCAL lock_timeout = '{frozenAfterSeconds + LockMarginSeconds}s'";

        await using var batch = new NpgsqlBatch(connection, transaction)
        {
            BatchCommands =
            {
                Command(idleLimitSql),
                Command(lockLimitSql),
                Command(MakeSql, One(partition.Hub), One(partition.PartitionId)),
                Command(LockSql, One(partition.Hub), One(partition.PartitionId)),
                Command($"SAVEPOINT {savepoint}"),
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var position = new PartitionPosition(reader.GetInt64(0), reader.GetDateTime(1));
        await reader.CloseAsync();
        return position;
    }

    /// <summary>Moves the position to this event.</summary>
    public static NpgsqlBatchCommand MoveCommand(HubPartition partition, in SliceEvent last) =>
        Command(MoveSql, One(partition.Hub), One(partition.PartitionId), One(last.SequenceNumber), One(last.EnqueuedAt));
}
