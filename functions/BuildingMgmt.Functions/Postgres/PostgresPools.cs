using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace BuildingMgmt.Functions.Postgres;

/// <summary>The three connection pools of this process, and a connection for itself to ask each server whether it answers.</summary>
public sealed class PostgresPools : IAsyncDisposable
{
    // The other pools wait: their work is retried as a whole, and a queue is what they stand in anyway.
    private const int PatientWaitSeconds = 15;

    /// <summary>Builds the pools; connects to nothing yet.</summary>
    public PostgresPools(IOptions<PostgresOptions> options, ILoggerFactory loggers)
    {
        var o = options.Value;
        var hasReplica = o.ReadConnectionString.Length > 0;
        var readFrom = hasReplica ? o.ReadConnectionString : o.ConnectionString;
        Write = Build(o.ConnectionString, "write", o.WritePoolSize, o.WriteTimeoutSeconds, PatientWaitSeconds, loggers);
        Read = Build(readFrom, "read", o.ReadPoolSize, o.ReadTimeoutSeconds, o.ReadWaitSeconds, loggers);
        Batch = Build(o.ConnectionString, "batch", o.BatchPoolSize, o.BatchTimeoutSeconds, PatientWaitSeconds, loggers);
        Probe = Build(o.ConnectionString, "probe", 1, o.ReadTimeoutSeconds, o.ReadWaitSeconds, loggers);
        if (hasReplica)
            ReplicaProbe = Build(o.ReadConnectionString, "replica probe", 1, o.ReadTimeoutSeconds, o.ReadWaitSeconds, loggers);
    }

    /// <summary>Stores readings and other changes; always the primary.</summary>
    public NpgsqlDataSource Write { get; }

    /// <summary>Answers requests; may be a replica, so it may be behind.</summary>
    public NpgsqlDataSource Read { get; }

    /// <summary>Background work: looking for a newer catalogue, repairing latest values; always the primary.</summary>
    public NpgsqlDataSource Batch { get; }

    /// <summary>One connection to the primary that no work keeps busy: what it asks tells of the server, not of a pool.</summary>
    public NpgsqlDataSource Probe { get; }

    /// <summary>As <see cref="Probe"/>, to the replica that <see cref="Read"/> leads to; null when there is none.</summary>
    public NpgsqlDataSource? ReplicaProbe { get; }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Write.DisposeAsync();
        await Read.DisposeAsync();
        await Batch.DisposeAsync();
        await Probe.DisposeAsync();
        if (ReplicaProbe is not null)
            await ReplicaProbe.DisposeAsync();
    }

    private static NpgsqlDataSource Build(
        string connectionString, string name, int size, int statementSeconds, int waitSeconds, ILoggerFactory loggers)
    {
        var builder = new NpgsqlDataSourceBuilder(connectionString) { Name = name };
        builder.ConnectionStringBuilder.MaxPoolSize = size;
        builder.ConnectionStringBuilder.MinPoolSize = 0;
        // Kept by the client, which cancels the statement: statement_timeout as a start-up parameter is refused by
        // PgBouncer, and as SET it would stay on a session that the next transaction does not get.
        builder.ConnectionStringBuilder.CommandTimeout = statementSeconds;
        builder.ConnectionStringBuilder.Timeout = waitSeconds;
        // Nothing is left in a session. A reset would take the name below from the pooler's session, and the pooler would not know.
        builder.ConnectionStringBuilder.NoResetOnClose = true;
        builder.ConnectionStringBuilder.ApplicationName = $"building-mgmt {name}";
        builder.UseLoggerFactory(loggers);
        return builder.Build();
    }
}
