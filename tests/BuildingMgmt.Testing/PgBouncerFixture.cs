using System.Globalization;
using BuildingMgmt.LocalStack.Postgres;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;
using Npgsql;

namespace BuildingMgmt.Testing;

/// <summary>
/// The server of the assembly's <see cref="PostgresFixture"/>, reached through a PgBouncer in transaction mode. It is Debian's (1.18), which
/// keeps no prepared statements, and every transaction gets another session than the one before it, as soon as there are two.
/// Tests of a class that takes a <see cref="PostgresFixture"/> run through it in a class that derives from theirs and gives it this.
/// </summary>
public sealed class PgBouncerFixture(PostgresFixture postgres) : PostgresFixture
{
    /// <summary>Sessions for each database: fewer than the connections of one app.</summary>
    public const int SessionsMax = 5;

    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(30);
    private static readonly DebianProgram Program = new(
        "pgbouncer", "Tests of a connection pooler", "less than 1 MB", "pgbouncer", "/usr/sbin/pgbouncer");

    private readonly int port = Ports.TakeFree();
    private ServiceProcess? process;

    /// <inheritdoc/>
    public override PostgresServer Server => postgres.Server;

    /// <inheritdoc/>
    public override async ValueTask InitializeAsync()
    {
        var settings = Folder.File("pgbouncer.ini");
        await File.WriteAllTextAsync(settings, Settings(new NpgsqlConnectionStringBuilder(Server.ConnectionString)));
        process = ServiceProcess.Start(new()
        {
            Name = "pgbouncer",
            FileName = await Program.FindOrInstallAsync(CancellationToken.None),
            // It refuses to be root. What root alone may read, it has read before it becomes another.
            Arguments = Environment.IsPrivilegedProcess ? ["-u", "nobody", settings] : [settings],
        });
        await process.WaitUntilAsync(AnswersAsync, StartDeadline, CancellationToken.None);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (process is not null)
            await process.DisposeAsync();
        await base.DisposeAsync();
    }

    /// <inheritdoc/>
    protected override string WayTo(string connectionString) =>
        new NpgsqlConnectionStringBuilder(connectionString) { Port = port }.ConnectionString;

    // No start-up parameter is let through that PgBouncer does not know. One session after the other, so that what is kept in one is missed.
    private string Settings(NpgsqlConnectionStringBuilder server) => string.Create(CultureInfo.InvariantCulture, $"""
        [databases]
        * = host=127.0.0.1 port={server.Port} user={server.Username} password={server.Password}

        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = {port}
        unix_socket_dir =
        auth_type = any
        pool_mode = transaction
        default_pool_size = {SessionsMax}
        server_round_robin = 1
        max_client_conn = 500
        """);

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new NpgsqlConnection(WayTo(Server.ConnectionString) + ";Pooling=false;Timeout=5");
            await connection.OpenAsync(cancellationToken);
            return true;
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException)
        {
            return false;
        }
    }
}
