using Npgsql;
using static BuildingMgmt.LocalRuntime.Durable.Store.Sql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>
/// Prolongs workers' lives, on a connection of its own: however many connections others hold, and for however long, a worker must not die of it.
/// A call that the network swallows is given up while there is time for another.
/// </summary>
internal sealed class PostgresRenewals(NpgsqlDataSource database, int hub, FrozenSessions frozen) : IAsyncDisposable
{
    private const string RenewSql = """
        UPDATE durable.worker SET expires_at = now() + $3
        WHERE worker = $2 AND expires_at > now()
        RETURNING EXISTS (SELECT FROM durable.worker WHERE hub = $1 AND worker <> $2 AND expires_at > now())
        """;

    // The first begins when two of the lease's eight seconds are gone.
    private const int TimeoutSeconds = 3;

    private const int LookForFrozenEvery = 5;

    private NpgsqlConnection? _kept;
    private int _renewals;

    /// <returns>Whether other workers of the hub live; null when this one does not.</returns>
    public async Task<bool?> RenewAsync(long worker, CancellationToken cancellationToken)
    {
        var connection = Interlocked.Exchange(ref _kept, null) ?? await OwnConnection.OpenAsync(
            database,
            own =>
            {
                own.Timeout = TimeoutSeconds;
                own.CommandTimeout = TimeoutSeconds;
                // Not to ask a server that does not answer to cancel.
                own.CancellationTimeout = -1;
            },
            cancellationToken);
        try
        {
            await using var command = new NpgsqlCommand(RenewSql, connection);
            command.Parameters.Add(One(hub));
            command.Parameters.Add(One(worker));
            command.Parameters.Add(One(DurableTimes.Lease));
            var hasOthers = (bool?)await command.ExecuteScalarAsync(cancellationToken);
            if (hasOthers is true && ++_renewals % LookForFrozenEvery == 0)
                await frozen.EndAsync(connection, FrozenSessions.LongerThanAnyCall, TimeoutSeconds, cancellationToken);
            connection = Interlocked.Exchange(ref _kept, connection);
            return hasOthers;
        }
        finally
        {
            if (connection is not null)
                await connection.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _kept, null) is { } connection)
            await connection.DisposeAsync();
    }
}
