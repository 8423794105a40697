using Npgsql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>A connection that is none of the pool's, for who holds it as long as the process lives.</summary>
internal static class OwnConnection
{
    public static async Task<NpgsqlConnection> OpenAsync(
        NpgsqlDataSource database, Action<NpgsqlConnectionStringBuilder> differs, CancellationToken cancellationToken)
    {
        await using var pooled = database.CreateConnection();
        var own = new NpgsqlConnectionStringBuilder(pooled.ConnectionString) { Pooling = false };
        differs(own);
        var connection = pooled.CloneWith(own.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}
