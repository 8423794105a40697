using System.Text.Json;
using System.Text.Json.Serialization;
using BuildingMgmt.Database;

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
                await WriteAsync(path, new SecretsFile([.. all.Values]), cancellationToken);
            return [.. gatewayIds.Select(gatewayId => new GatewaySpec(gatewayId, all[gatewayId].Secret))];
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new CommandException($"The file of gateway secrets \"{path}\" cannot be used: {exception.Message}");
        }
    }

    private static async Task WriteAsync(string path, SecretsFile secrets, CancellationToken cancellationToken)
    {
        // Written beside and moved over: a crash leaves the old file or the new one, never half of one.
        var beside = path + ".new";
        File.Delete(beside);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using (var file = new FileStream(beside, options))
            await JsonSerializer.SerializeAsync(file, secrets, SecretsJson.Default.SecretsFile, cancellationToken);
        File.Move(beside, path, overwrite: true);
    }
}

internal sealed record KeptSecret(string GatewayId, string Secret);

internal sealed record SecretsFile(IReadOnlyList<KeptSecret> Gateways);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(SecretsFile))]
internal sealed partial class SecretsJson : JsonSerializerContext;
