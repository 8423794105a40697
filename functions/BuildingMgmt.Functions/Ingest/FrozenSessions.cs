using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>
/// Ends sessions of instances that froze in the middle of a COPY: a server that waits for the rest of one heeds no timeout. Looked
/// for by who waited in vain for a lock, and each time anew; a session that sent nothing between two looks which lie far enough
/// apart is frozen. How old its transaction or its COPY is does not matter: a slow one works.
/// </summary>
internal sealed class FrozenSessions(PostgresPools pools, IOptions<IngestOptions> options, ILogger<FrozenSessions> logger) : IDisposable
{
    // Our own sessions that store, and wait for their client within a transaction. What a COPY has received is counted while it runs.
    private const string WaitingSql = """
        SELECT activity.pid, activity.xact_start, activity.state_change, coalesce(copy.bytes_processed, 0), clock_timestamp()
        FROM pg_stat_activity AS activity LEFT JOIN pg_stat_progress_copy AS copy ON copy.pid = activity.pid
        WHERE activity.usename = current_user AND activity.datname = current_database()
            AND activity.application_name = current_setting('application_name')
            AND activity.wait_event = 'ClientRead' AND activity.xact_start IS NOT NULL AND activity.pid <> pg_backend_pid()
        """;

    // Those that are still in the same transaction.
    private const string EndSql = """
        SELECT count(pg_terminate_backend(activity.pid))
        FROM unnest($1, $2) AS frozen (pid, xact_start)
        JOIN pg_stat_activity AS activity ON activity.pid = frozen.pid AND activity.xact_start = frozen.xact_start
        WHERE activity.wait_event = 'ClientRead'
        """;

    private readonly SemaphoreSlim looking = new(1);
    private Dictionary<Session, DateTime> waitingSince = [];

    /// <summary>Looks, and ends those that have sent nothing since an earlier look.</summary>
    public async Task EndAsync(CancellationToken cancellationToken)
    {
        await looking.WaitAsync(cancellationToken);
        try
        {
            var frozen = await FindAsync(cancellationToken);
            if (frozen.Length > 0 && await EndAsync(frozen, cancellationToken) is > 0 and var count)
                logger.StaleSessionsEnded((int)count);
        }
        finally
        {
            looking.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => looking.Dispose();

    private async Task<Session[]> FindAsync(CancellationToken cancellationToken)
    {
        var frozenAfter = TimeSpan.FromSeconds(options.Value.FrozenAfterSeconds);
        var frozen = new List<Session>();
        var waiting = new Dictionary<Session, DateTime>();
        await using var command = pools.Write.CreateCommand(WaitingSql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            var session = new Session(reader.GetInt32(0), reader.GetDateTime(1), reader.GetDateTime(2), reader.GetInt64(3));
            // By the server's clock: this machine may have been asleep itself.
            var now = reader.GetDateTime(4);
            var since = waiting[session] = waitingSince.GetValueOrDefault(session, now);
            if (now - since >= frozenAfter)
                frozen.Add(session);
        }

        waitingSince = waiting;
        return [.. frozen];
    }

    private async Task<long> EndAsync(Session[] frozen, CancellationToken cancellationToken)
    {
        await using var command = pools.Write.CreateCommand(EndSql);
        command.Parameters.Add(new NpgsqlParameter<int[]>
        {
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer,
            TypedValue = [.. frozen.Select(session => session.ProcessId)],
        });
        command.Parameters.Add(new NpgsqlParameter<DateTime[]>
        {
            NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz,
            TypedValue = [.. frozen.Select(session => session.TransactionStart)],
        });
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    /// <summary>A session as it was seen: whatever it does makes it another.</summary>
    private readonly record struct Session(int ProcessId, DateTime TransactionStart, DateTime StateChange, long BytesReceived);
}
