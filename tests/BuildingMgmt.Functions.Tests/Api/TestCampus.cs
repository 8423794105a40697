using BuildingMgmt.Database;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Api;

/// <summary>
/// Two buildings and their users: North, which all tests may look at, and South, which is foreign to those whose name ends in
/// -north. Every user's password is the name with "-password" behind it.
/// </summary>
public static class TestCampus
{
    public const int FloorSensors = 25;

    public static readonly Guid North = StableId.Create("building/north");
    public static readonly Guid NorthGround = StableId.Create("building/north/floor/ground");
    public static readonly Guid NorthEmpty = StableId.Create("building/north/floor/empty");
    public static readonly Guid South = StableId.Create("building/south");
    public static readonly Guid SouthGround = StableId.Create("building/south/floor/ground");

    /// <summary>Roles for all buildings; the user is named like its role.</summary>
    public static readonly IReadOnlyList<string> EverywhereRoles = ["viewer", "operator", "engineer", "admin", "ingest"];

    public static string GatewaySecret(string gatewayId) => $"{gatewayId}-password";

    public static Guid Sensor(Guid floorId, int number) => StableId.Create($"floor/{floorId}/sensor/{number}");

    public static async Task ImportAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await CatalogueImport.ImportAsync(source, Building(North, "North", [(NorthGround, "Ground", FloorSensors), (NorthEmpty, "Empty", 2)], "gateway-north"), cancellationToken);
        await CatalogueImport.ImportAsync(source, Building(South, "South", [(SouthGround, "Ground", 3)], "gateway-south"), cancellationToken);
        await UserImport.ImportAsync(source, [.. EverywhereRoles.Select(role => new UserSpec(role, $"{role}-password", role))], cancellationToken);
        // Grants for one building have no import yet.
        await using var grants = source.CreateCommand("""
            INSERT INTO app_user (username, password_hash)
            SELECT role || '-north', $1 FROM unnest(ARRAY['viewer', 'operator', 'engineer', 'admin', 'ingest']) role;
            """);
        grants.Parameters.Add(new NpgsqlParameter<string> { TypedValue = PasswordHash.Create("north-password") });
        await grants.ExecuteNonQueryAsync(cancellationToken);
        await using var forNorth = source.CreateCommand("""
            INSERT INTO user_grant (username, role, building_id)
            SELECT role || '-north', role, $1 FROM unnest(ARRAY['viewer', 'operator', 'engineer', 'admin', 'ingest']) role
            """);
        forNorth.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = North });
        await forNorth.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>The password of a user or the secret of a gateway.</summary>
    public static string PasswordOf(string name) =>
        name.StartsWith("gateway-", StringComparison.Ordinal) ? GatewaySecret(name)
        : name.EndsWith("-north", StringComparison.Ordinal) ? "north-password"
        : $"{name}-password";

    private static BuildingSpec Building(Guid id, string name, (Guid Id, string Name, int Sensors)[] floors, string gateway) => new(
        id,
        name,
        "Europe/Amsterdam",
        [.. floors.Select(floor => new FloorSpec(
            floor.Id,
            floor.Name,
            [.. Enumerable.Range(0, floor.Sensors).Select(number => new SensorSpec(
                Sensor(floor.Id, number),
                $"Sensor {number:00}",
                number % 2 == 0 ? "climate" : "meter",
                number % 3 == 0 ? null : $"Zone {number % 3}",
                [
                    new PointSpec("temperature", "°C", -20, 50, 60),
                    new PointSpec("humidity", "%", 0, 100, 60),
                ]))]))],
        [new GatewaySpec(gateway, GatewaySecret(gateway))]);
}
