using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using static BuildingMgmt.LocalRuntime.Durable.Store.Sql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>
/// Ends sessions of processes that stand still (a paused container, a suspended machine) while the server waits for the rest of what they
/// send, or for them to read its answer: until then they hold the instances that they have locked, and nobody can take those over.
/// </summary>
internal sealed partial class FrozenSessions(ILogger logger)
{
    // Of the same app: same role, same application name; and in the middle of a statement of this engine, not between two of somebody else's.
    private const string EndSql = """
        SELECT count(*) FILTER (WHERE pg_terminate_backend(pid))::int
        FROM pg_stat_activity
        WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()
            AND application_name = current_setting('application_name') AND application_name <> ''
            AND state = 'active' AND wait_event_type = 'Client' AND query LIKE '%durable.%'
            AND backend_xid IS NOT NULL AND state_change < clock_timestamp() - $1
        """;

    /// <summary>A process that runs has given its call up by then.</summary>
    public static readonly TimeSpan LongerThanAnyCall = TimeSpan.FromSeconds(TimeoutSeconds + 5);

    public async Task EndAsync(NpgsqlConnection connection, TimeSpan standingFor, int timeoutSeconds, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(EndSql, connection) { CommandTimeout = timeoutSeconds };
        command.Parameters.Add(One(standingFor));
        try
        {
            var ended = (int)(await command.ExecuteScalarAsync(cancellationToken))!;
            if (ended > 0)
                LogEnded(ended);
        }
        catch (PostgresException)
        {
            // A role that may not do this must not lose its own work for it.
        }
    }

    [LoggerMessage(LogEvents.DurableFrozenSessions, LogLevel.Warning,
        "Durable: {Count} sessions of PostgreSQL were ended, whose process stood still in the middle of a transaction. What it held goes on elsewhere")]
    private partial void LogEnded(int count);
}
