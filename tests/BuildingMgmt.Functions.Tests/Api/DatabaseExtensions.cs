using Npgsql;

namespace BuildingMgmt.Functions.Tests.Api;

internal static class DatabaseExtensions
{
    public static async Task ExecuteAsync(this NpgsqlDataSource source, string sql, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
