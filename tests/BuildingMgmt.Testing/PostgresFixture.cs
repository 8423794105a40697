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
    private PostgresServer? server;

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
    public async Task<TestDatabase> CreateDatabaseAsync(CancellationToken cancellationToken = default)
    {
        var database = await CreateEmptyDatabaseAsync(cancellationToken);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString + ";Pooling=false");
        await SchemaMigrator.MigrateAsync(source, cancellationToken);
        return database;
    }

    /// <summary>Makes a database with nothing in it.</summary>
    public async Task<TestDatabase> CreateEmptyDatabaseAsync(CancellationToken cancellationToken = default)
    {
        var name = $"test_{Interlocked.Increment(ref databases)}";
        await using var administrator = NpgsqlDataSource.Create(Server.AdministratorConnectionString + ";Pooling=false");
        await using var create = administrator.CreateCommand($"CREATE DATABASE {name} OWNER buildingmgmt");
        await create.ExecuteNonQueryAsync(cancellationToken);
        var connection = new NpgsqlConnectionStringBuilder(Server.ConnectionString) { Database = name };
        return new(name, WayTo(connection.ConnectionString), Server.AdministratorConnectionString);
    }

    /// <summary>Stops the server.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>How tests reach what this connection string, of the server itself, leads to.</summary>
    protected virtual string WayTo(string connectionString) => connectionString;
}
