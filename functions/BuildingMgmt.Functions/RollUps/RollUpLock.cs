using Npgsql;
using static BuildingMgmt.Database.SqlParameters;

namespace BuildingMgmt.Functions.RollUps;

/// <summary>
/// Whoever rolls up takes turns, whatever the instance: what is computed from an older state of the readings must not overwrite what
/// was computed from a newer one.
/// </summary>
internal static class RollUpLock
{
    // Both are the transaction's own: behind PgBouncer the session goes on to someone else. An instance that freezes in the middle
    // must not keep all others from rolling up.
    private const string IdleLimitSql = "SET LOCAL idle_in_transaction_session_timeout = '20s'";
    private const string LockSql = "SELECT pg_advisory_xact_lock(7203)";

    /// <summary>
    /// Waits for the others, and then has the turn until the transaction ends. What they have committed is seen by the statements that follow.
    /// </summary>
    public static async Task TakeAsync(NpgsqlTransaction transaction, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(transaction.Connection, transaction)
        {
            BatchCommands = { Command(IdleLimitSql), Command(LockSql) },
        };
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }
}
