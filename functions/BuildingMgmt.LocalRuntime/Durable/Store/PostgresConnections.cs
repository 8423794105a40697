using Npgsql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>How a store connects.</summary>
internal static class PostgresConnections
{
    private const int StatementsMax = 50;

    /// <summary>
    /// Connections as a store needs them, on top of what the connection string says. Statements are prepared, which saves planning them every
    /// time (with it, a step costs a third), unless a pooler stands between, which may not keep them: who knows that it does, sets "Max Auto
    /// Prepare" in the connection string.
    /// </summary>
    /// <exception cref="NpgsqlException">The database does not answer.</exception>
    public static async Task<NpgsqlDataSource> OpenAsync(string connectionString, CancellationToken cancellationToken)
    {
        var connections = new NpgsqlConnectionStringBuilder(connectionString)
        {
            // No call leaves anything in a session.
            NoResetOnClose = true,
        };
        if (!connections.ShouldSerialize("Max Auto Prepare") && await IsDirectAsync(connections, cancellationToken).ConfigureAwait(false))
        {
            connections.MaxAutoPrepare = StatementsMax;
            connections.AutoPrepareMinUsages = 2;
        }

        return NpgsqlDataSource.Create(connections.ConnectionString);
    }

    // A pooler makes up the process number that it tells a client, who needs it only to cancel.
    private static async Task<bool> IsDirectAsync(NpgsqlConnectionStringBuilder connections, CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connections.ConnectionString) { Pooling = false });
        await using var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using var command = new NpgsqlCommand("SELECT pg_backend_pid()", connection);
        return await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is int process && process == connection.ProcessID;
    }
}
