using BuildingMgmt.LocalRuntime.Durable.Store;
using Npgsql;

namespace BuildingMgmt.Testing.Durable;

/// <summary>Orchestrations of a hub as rows, for tests of what an app does with those that others ran.</summary>
public sealed class OrchestrationRows : IAsyncDisposable
{
    private readonly NpgsqlDataSource _database;
    private readonly int _hub;

    private OrchestrationRows(NpgsqlDataSource database, int hub)
    {
        _database = database;
        _hub = hub;
    }

    /// <summary>Makes the schema and the hub.</summary>
    public static async Task<OrchestrationRows> OpenAsync(TestDatabase database, string hub, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(database);
        var source = NpgsqlDataSource.Create(database.ConnectionString);
        return new(source, await DurableSchema.EnsureAsync(source, hub, cancellationToken));
    }

    /// <param name="status">A number of <c>OrchestrationRuntimeStatus</c>.</param>
    /// <param name="ageDays">Since it was created.</param>
    public async Task AddAsync(string id, int status, double ageDays, CancellationToken cancellationToken)
    {
        const string add = """
            INSERT INTO durable.instance (hub, id, name, status, owner, created_at, ended_at)
            SELECT $1, $2, 'Sample', $3::smallint, -$1, created_at, CASE WHEN $3 IN (1, 3, 5) THEN created_at END
            FROM (SELECT now() - $4 * interval '1 day') AS age (created_at)
            """;
        await using var command = _database.CreateCommand(add);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = _hub });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = id });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = status });
        command.Parameters.Add(new NpgsqlParameter<double> { TypedValue = ageDays });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Their ids, in order.</summary>
    public async Task<IReadOnlyList<string>> IdsAsync(CancellationToken cancellationToken)
    {
        await using var command = _database.CreateCommand("SELECT id FROM durable.instance WHERE hub = $1 ORDER BY id");
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = _hub });
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        var ids = new List<string>();
        while (await row.ReadAsync(cancellationToken))
            ids.Add(row.GetString(0));
        return ids;
    }

    public ValueTask DisposeAsync() => _database.DisposeAsync();
}
