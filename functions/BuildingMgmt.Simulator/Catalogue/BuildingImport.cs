using BuildingMgmt.Database;
using BuildingMgmt.Simulator.DemoBuilding;
using BuildingMgmt.Simulator.Replay;
using Npgsql;

namespace BuildingMgmt.Simulator.Catalogue;

/// <summary>Puts the demo building, or the buildings of a data set, into a system's catalogue. Doing it again changes nothing.</summary>
internal static class BuildingImport
{
    public const string Demo = "demo";

    /// <param name="source"><c>demo</c>, or a data set's folder.</param>
    /// <param name="timeZone">Time zone of a data set's buildings, IANA name.</param>
    /// <param name="connectionString">The system's PostgreSQL.</param>
    /// <param name="secretsPath">See <see cref="GatewaySecrets"/>.</param>
    /// <param name="output">One line for each building.</param>
    /// <exception cref="CommandException">A file or the database cannot be used.</exception>
    public static async Task RunAsync(
        string source, string timeZone, string connectionString, string secretsPath, TextWriter output, CancellationToken cancellationToken)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out _))
            throw new CommandException($"\"{timeZone}\" is no time zone that this machine knows. Give an IANA name such as Europe/Amsterdam.");

        var buildings = source == Demo
            ? [DemoSensors.Specification(await GatewaySecrets.GetAsync(secretsPath, DemoNames.Gateways, cancellationToken))]
            : await WithGatewaysAsync(DataSet.Open(source).Specifications(timeZone), secretsPath, cancellationToken);
        try
        {
            await using var dataSource = NpgsqlDataSource.Create(connectionString);
            foreach (var building in buildings)
            {
                await CatalogueImport.ImportAsync(dataSource, building, cancellationToken);
                var sensors = building.Floors.Sum(floor => floor.Sensors.Count);
                await output.WriteLineAsync(
                    $"building {building.BuildingId} \"{building.Name}\": {building.Floors.Count} floors, {sensors} sensors");
            }
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException or ArgumentException)
        {
            throw new CommandException($"The catalogue was not changed: {exception.Message}");
        }
    }

    private static async Task<IReadOnlyList<BuildingSpec>> WithGatewaysAsync(
        IReadOnlyList<BuildingSpec> buildings, string secretsPath, CancellationToken cancellationToken)
    {
        var secrets = await GatewaySecrets.GetAsync(
            secretsPath, [.. buildings.Select(building => ReplayGateways.Id(building.Name))], cancellationToken);
        return [.. buildings.Zip(secrets, (building, gateway) => building with { Gateways = [gateway] })];
    }
}
