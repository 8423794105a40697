using System.Globalization;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;
using Npgsql;
using NpgsqlTypes;

namespace BuildingMgmt.LocalStack.Postgres;

/// <summary>
/// A PostgreSQL 18 server on 127.0.0.1, with SCRAM passwords and durable commits. Its database <c>buildingmgmt</c> belongs to the
/// role <c>buildingmgmt</c>, which is no superuser but may create roles.
/// </summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private const string Owner = "buildingmgmt";
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);

    private readonly ServiceProcess process;

    private PostgresServer(PostgresOptions options, int port, ServiceProcess process)
    {
        this.process = process;
        Port = port;
        AdministratorConnectionString = Connection(port, "postgres", "postgres", options.AdministratorPassword);
        ConnectionString = Connection(port, Owner, Owner, options.OwnerPassword);
    }

    public int Port { get; }

    /// <summary>As the owner, to the database <c>buildingmgmt</c>.</summary>
    public string ConnectionString { get; }

    /// <summary>As the superuser, to the database <c>postgres</c>.</summary>
    public string AdministratorConnectionString { get; }

    public int ProcessId => process.ProcessId;

    /// <summary>The process, to follow and to break.</summary>
    public ServiceProcess Process => process;

    /// <summary>Starts the server, makes the cluster at the first start, and returns when it answers. Needs the npm packages.</summary>
    /// <exception cref="ServiceFailedException">It cannot be started; says why in the words of the program that failed.</exception>
    public static async Task<PostgresServer> StartAsync(PostgresOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var binaries = await PostgresBinaries.PrepareAsync(cancellationToken);
        var launch = await UnprivilegedLaunch.ChooseAsync(options.RootLaunch, cancellationToken);
        await PostgresCluster.PrepareAsync(options, binaries, launch, cancellationToken);

        var port = options.Port == 0 ? Ports.TakeFree() : options.Port;
        var (fileName, arguments) = launch.Wrap(Path.Combine(binaries, "postgres"), ServerArguments(options, port));
        var process = ServiceProcess.Start(new()
        {
            Name = "postgres",
            FileName = fileName,
            Arguments = arguments,
            LogPath = options.LogPath,
            // Fast shutdown: sessions are ended, everything is written down. SIGTERM would wait for every client to leave.
            StopSignal = UnixSignal.Interrupt,
            Ledger = options.Ledger,
        });
        var server = new PostgresServer(options, port, process);
        try
        {
            await process.WaitUntilAsync(server.AnswersAsync, StartDeadline, cancellationToken);
            await server.CreateOwnerAsync(options.OwnerPassword, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends all sessions and stops the server; what was committed is on disk.</summary>
    public ValueTask DisposeAsync() => process.DisposeAsync();

    private static string[] ServerArguments(PostgresOptions options, int port)
    {
        (string Name, string Value)[] settings =
        [
            ("listen_addresses", "127.0.0.1"),
            ("port", port.ToString(CultureInfo.InvariantCulture)),
            ("unix_socket_directories", ""),
            ("max_connections", options.ConnectionsMax.ToString(CultureInfo.InvariantCulture)),
            ("shared_buffers", $"{options.SharedBuffersMegabytes}MB"),
            // Durable first; ingest at speed comes from long transactions (COPY) and few, spread checkpoints.
            ("fsync", "on"),
            ("synchronous_commit", "on"),
            ("wal_compression", "on"),
            ("max_wal_size", "4GB"),
            ("checkpoint_timeout", "15min"),
            ("maintenance_work_mem", "256MB"),
            // SSDs: random pages cost little more than pages in a row. Short queries: compiling them costs more than it saves.
            ("random_page_cost", "1.1"),
            ("jit", "off"),
            ("timezone", "UTC"),
            ("log_timezone", "UTC"),
        ];
        return ["-D", options.DataFolder, .. settings.SelectMany(setting => new[] { "-c", $"{setting.Name}={setting.Value}" })];
    }

    private static string Connection(int port, string database, string user, string password) =>
        new NpgsqlConnectionStringBuilder
        {
            Host = "127.0.0.1",
            Port = port,
            Database = database,
            Username = user,
            Password = password,
        }.ConnectionString;

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new NpgsqlConnection(AdministratorConnectionString + ";Pooling=false;Timeout=5");
            await connection.OpenAsync(cancellationToken);
            return true;
        }
        catch (PostgresException error) when (error.SqlState == PostgresErrorCodes.InvalidPassword)
        {
            throw new ServiceFailedException(
                "PostgreSQL refuses the password that is kept beside its data (secrets.json). Bring that file back, or start on a new "
                + "folder.",
                error);
        }
        catch (Exception error) when (error is NpgsqlException or TimeoutException)
        {
            return false;
        }
    }

    private async Task CreateOwnerAsync(string password, CancellationToken cancellationToken)
    {
        await using var administrator = NpgsqlDataSource.Create(AdministratorConnectionString + ";Pooling=false");
        await using var find = administrator.CreateCommand("SELECT 1 FROM pg_database WHERE datname = $1");
        find.Parameters.Add(new() { Value = Owner, NpgsqlDbType = NpgsqlDbType.Text });
        if (await find.ExecuteScalarAsync(cancellationToken) is not null)
            return;
        // CREATEROLE: the schema makes the role "reader". A DDL statement takes no parameters; format() quotes the password. The
        // block also passes where a start was cut short between role and database.
        const string createRole = """
            SELECT format('DO $do$ BEGIN CREATE ROLE buildingmgmt; EXCEPTION WHEN duplicate_object THEN NULL; END $do$;
                           ALTER ROLE buildingmgmt LOGIN CREATEROLE PASSWORD %L', $1)
            """;
        await using var role = administrator.CreateCommand(createRole);
        role.Parameters.Add(new() { Value = password, NpgsqlDbType = NpgsqlDbType.Text });
        var statement = (string)(await role.ExecuteScalarAsync(cancellationToken))!;
        await using var create = administrator.CreateCommand(statement);
        await create.ExecuteNonQueryAsync(cancellationToken);
        await using var database = administrator.CreateCommand("CREATE DATABASE buildingmgmt OWNER buildingmgmt");
        await database.ExecuteNonQueryAsync(cancellationToken);
    }
}
