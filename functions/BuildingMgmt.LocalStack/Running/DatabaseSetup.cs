using System.Text.Json;
using BuildingMgmt.Database;
using BuildingMgmt.LocalStack.Data;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;
using Npgsql;

namespace BuildingMgmt.LocalStack.Running;

/// <summary>Puts schema, users and buildings into the database, and reads what <c>run.json</c> tells of them.</summary>
/// <param name="hint">Where to look when the database refuses.</param>
internal sealed class DatabaseSetup(string dataFolder, string connectionString, string hint)
{
    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private readonly string secretsPath = Path.Combine(dataFolder, "gateways.json");

    /// <exception cref="ServiceFailedException">The database cannot be reached or refuses.</exception>
    public async Task PrepareAsync(IReadOnlyList<StackUser> users, CancellationToken cancellationToken)
    {
        try
        {
            await using var source = NpgsqlDataSource.Create(connectionString);
            await SchemaMigrator.MigrateAsync(source, cancellationToken);
            var specs = users.Select(user => new UserSpec(user.Username, user.Password, user.Role)).ToList();
            await UserImport.ImportAsync(source, specs, cancellationToken);
        }
        catch (Exception error) when (error is NpgsqlException or InvalidOperationException or ArgumentException)
        {
            throw new ServiceFailedException(
                $"The database could not be prepared: {error.Message} {hint}", error);
        }
    }

    /// <summary>Imports a building; one that is there already stays as it is.</summary>
    /// <param name="what"><c>demo</c>, or the folder of a data set.</param>
    /// <exception cref="ServiceFailedException">The import failed; says its last lines.</exception>
    public async Task ImportAsync(string what, string logPath, ProcessLedger ledger, CancellationToken cancellationToken)
    {
        await using var import = ServiceProcess.Start(new()
        {
            Name = "catalogue",
            FileName = Executables.Dotnet,
            Arguments =
            [
                Repository.Output("BuildingMgmt.Simulator"), "catalogue", what, "--postgres-env", "POSTGRES", "--secrets", secretsPath,
            ],
            Environment = new Dictionary<string, string> { ["POSTGRES"] = connectionString },
            LogPath = logPath,
            Ledger = ledger,
        });
        if (await import.Exited.WaitAsync(cancellationToken) is not 0 and var exitCode)
            throw import.Ended(exitCode);
    }

    public IReadOnlyList<RunGateway> ReadGateways()
    {
        if (!File.Exists(secretsPath))
            return [];
        return JsonSerializer.Deserialize<GatewaySecrets>(File.ReadAllText(secretsPath), Json)?.Gateways ?? [];
    }

    public async Task<IReadOnlyList<RunBuilding>> ReadBuildingsAsync(CancellationToken cancellationToken)
    {
        const string sql = """
            SELECT b.building_id, b.name, f.floor_id, f.name
            FROM building b LEFT JOIN floor f USING (building_id)
            ORDER BY b.name, b.building_id, f.name
            """;
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var command = source.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var rows = new List<(Guid BuildingId, string Name, RunFloor? Floor)>();
        while (await reader.ReadAsync(cancellationToken))
        {
            var floor = reader.IsDBNull(2) ? null : new RunFloor(reader.GetGuid(2), reader.GetString(3));
            rows.Add((reader.GetGuid(0), reader.GetString(1), floor));
        }

        return
        [
            .. rows.GroupBy(row => (row.BuildingId, row.Name))
                .Select(rows => new RunBuilding(rows.Key.BuildingId, rows.Key.Name, [.. rows.Select(row => row.Floor).OfType<RunFloor>()])),
        ];
    }

    private sealed record GatewaySecrets(IReadOnlyList<RunGateway> Gateways);
}
