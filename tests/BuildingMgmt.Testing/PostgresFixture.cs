using BuildingMgmt.Database;
using BuildingMgmt.LocalStack.Postgres;
using BuildingMgmt.LocalStack.Setup;
using Npgsql;
using Xunit;

namespace BuildingMgmt.Testing;

/// <summary>One PostgreSQL server for a test assembly: <c>[assembly: AssemblyFixture(typeof(PostgresFixture))]</c>.</summary>
public class PostgresFixture : IAsyncLifetime
{
    private static int databases;

    // Migrated once; each database with the schema is a copy of it.
    private readonly Lazy<Task<string>> migrated;
    private PostgresServer? server;

    public PostgresFixture()
    {
        migrated = new(MigrateTemplateAsync);
    }

    /// <summary>The server, to break it. Use it only where no other test runs beside.</summary>
    public virtual PostgresServer Server => server ?? throw new InvalidOperationException("The fixture is not initialized.");

    /// <summary>What is written here goes with the fixture.</summary>
    protected ScratchFolder Folder { get; } = new();

    /// <summary>Starts the server.</summary>
    public virtual async ValueTask InitializeAsync()
    {
        await NodePackages.EnsureAsync(progress: null, CancellationToken.None);
        server = await PostgresServer.StartAsync(
            new()
            {
                DataFolder = Folder.File("postgres"),
                AdministratorPassword = "administrator",
                OwnerPassword = "owner",
                SharedBuffersMegabytes = 128,
                LogPath = Folder.File("postgres.log"),
            },
            CancellationToken.None);
    }

    /// <summary>Makes a database with the whole schema, owned by the role that the app uses.</summary>
    public async Task<TestDatabase> CreateDatabaseAsync(CancellationToken cancellationToken = default) =>
        await CreateDatabaseAsync(await migrated.Value, cancellationToken);

    /// <summary>Makes a database with nothing in it.</summary>
    public Task<TestDatabase> CreateEmptyDatabaseAsync(CancellationToken cancellationToken = default) =>
        CreateDatabaseAsync("template1", cancellationToken);

    /// <summary>Stops the server.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task<string> MigrateTemplateAsync()
    {
        var template = await CreateEmptyDatabaseAsync();
        // Not by the way of the tests: a pooler would keep a connection, and a database that is in use cannot be copied.
        var connection = new NpgsqlConnectionStringBuilder(Server.ConnectionString) { Database = template.Name, Pooling = false };
        await using var source = NpgsqlDataSource.Create(connection.ConnectionString);
        await SchemaMigrator.MigrateAsync(source, CancellationToken.None);
        return template.Name;
    }

    private async Task<TestDatabase> CreateDatabaseAsync(string template, CancellationToken cancellationToken)
    {
        var name = $"test_{Interlocked.Increment(ref databases)}";
        await using var administrator = NpgsqlDataSource.Create(Server.AdministratorConnectionString + ";Pooling=false");
        // Files are copied in a quarter of the time in which their pages are logged.
        await using var create = administrator.CreateCommand(
            $"CREATE DATABASE {name} OWNER buildingmgmt TEMPLATE {template} STRATEGY file_copy");
        await create.ExecuteNonQueryAsync(cancellationToken);
        var connection = new NpgsqlConnectionStringBuilder(Server.ConnectionString) { Database = name };
        return new(name, WayTo(connection.ConnectionString), Server.AdministratorConnectionString);
    }

    /// <summary>How tests reach what this connection string, of the server itself, leads to.</summary>
    protected virtual string WayTo(string connectionString) => connectionString;
}
