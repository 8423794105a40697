using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.LocalStack.Data;

/// <summary>
/// <c>run.json</c>: by it tests and tools find the running system. It is there while the system runs, readable by its owner only.
/// </summary>
public sealed record RunFile
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        // Keys are base64: "+" stays readable, for people and for sed.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Base addresses of the app's processes.</summary>
    public required IReadOnlyList<string> Http { get; init; }

    /// <summary>Connection string of the Event Hubs namespace.</summary>
    public required string EventHubs { get; init; }

    /// <summary>The hub that gateways send to.</summary>
    public required string Hub { get; init; }

    /// <summary>Connection string of the database.</summary>
    public required string Postgres { get; init; }

    /// <summary>Connection string of the storage account.</summary>
    public required string Storage { get; init; }

    public required IReadOnlyList<StackUser> Users { get; init; }

    public required IReadOnlyList<RunGateway> Gateways { get; init; }

    public required IReadOnlyList<RunBuilding> Buildings { get; init; }

    public required IReadOnlyList<RunProcess> Processes { get; init; }

    public static RunFile Read(string path) =>
        JsonSerializer.Deserialize<RunFile>(File.ReadAllText(path), Json) ?? throw new JsonException($"\"{path}\" is empty.");

    internal void Write(string path) => PrivateFiles.Write(path, JsonSerializer.Serialize(this, Json));
}

public sealed record RunGateway(string GatewayId, string Secret);

public sealed record RunBuilding(Guid BuildingId, string Name, IReadOnlyList<RunFloor> Floors);

public sealed record RunFloor(Guid FloorId, string Name);

public sealed record RunProcess(string Name, [property: JsonPropertyName("pid")] int ProcessId);
