using BuildingMgmt.LocalStack.Setup;
using Npgsql;

namespace BuildingMgmt.Testing;

internal static class Schema
{
    public static async Task MigrateAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(Repository.Root, "functions", "BuildingMgmt.Database", "Migrations");
        foreach (var path in Directory.EnumerateFiles(folder, "*.sql").Order(StringComparer.Ordinal))
        {
            await using var command = source.CreateCommand(await File.ReadAllTextAsync(path, cancellationToken));
            await command.ExecuteNonQueryAsync(cancellationToken);
        }
    }
}
