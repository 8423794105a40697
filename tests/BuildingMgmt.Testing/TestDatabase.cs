using Npgsql;

namespace BuildingMgmt.Testing;

/// <summary>A database of its own, dropped when disposed even while connections are open.</summary>
public sealed class TestDatabase(string name, string connectionString, string administrator) : IAsyncDisposable
{
    public string Name => name;

    public string ConnectionString => connectionString;

    public async ValueTask DisposeAsync()
    {
        await using var source = NpgsqlDataSource.Create(administrator + ";Pooling=false");
        await using var drop = source.CreateCommand($"DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        await drop.ExecuteNonQueryAsync();
    }
}
