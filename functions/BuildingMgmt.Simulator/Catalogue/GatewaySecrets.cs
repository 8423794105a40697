using System.Text.Json;
using System.Text.Json.Serialization;
using BuildingMgmt.Database;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.Simulator.Catalogue;

/// <summary>The file in which gateways' secrets are kept: readable by its owner alone. A gateway keeps its secret for ever.</summary>
internal static class GatewaySecrets
{
    /// <summary>Returns the gateways' secrets, and makes those that the file does not have yet.</summary>
    /// <exception cref="CommandException">The file cannot be read or written.</exception>
    public static async Task<IReadOnlyList<GatewaySpec>> GetAsync(
        string path, IReadOnlyList<string> gatewayIds, CancellationToken cancellationToken)
    {
        try
        {
            var kept = File.Exists(path)
                ? JsonSerializer.Deserialize(await File.ReadAllTextAsync(path, cancellationToken), SecretsJson.Default.SecretsFile)!.Gateways
                : [];
            var all = kept.ToDictionary(gateway => gateway.GatewayId);
            foreach (var gatewayId in gatewayIds)
                all.TryAdd(gatewayId, new KeptSecret(gatewayId, GatewaySecret.Create()));
            if (all.Count > kept.Count)
                PrivateFiles.Write(path, JsonSerializer.Serialize(new SecretsFile([.. all.Values]), SecretsJson.Default.SecretsFile));
            return [.. gatewayIds.Select(gatewayId => new GatewaySpec(gatewayId, all[gatewayId].Secret))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CommandException($"The file of gateway secrets \"{path}\" cannot be used: {exception.Message}");
        }
    }
}

internal sealed record KeptSecret(string GatewayId, string Secret);

internal sealed record SecretsFile(IReadOnlyList<KeptSecret> Gateways);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(SecretsFile))]
internal sealed partial class SecretsJson : JsonSerializerContext;
