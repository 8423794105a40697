using System.Security.Cryptography;
using System.Text.Json;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.LocalStack.Data;

/// <summary>
/// Passwords and keys of one data folder: random, made at its first start and kept in <c>secrets.json</c> (mode 0600), since the data was
/// made with them.
/// </summary>
internal sealed record StackSecrets
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private static readonly string[] Roles = ["admin", "engineer", "operator", "viewer"];

    public required string PostgresAdministrator { get; init; }

    public required string PostgresOwner { get; init; }

    /// <summary>Base64, 64 bytes.</summary>
    public required string StorageKey { get; init; }

    /// <summary>Base64, 32 bytes.</summary>
    public required string EventHubsKey { get; init; }

    /// <summary>EC P-256 private key in PEM, which signs access tokens.</summary>
    public required string SigningKey { get; init; }

    public required IReadOnlyList<StackUser> Users { get; init; }

    /// <exception cref="ServiceFailedException">The file is there and cannot be read as such.</exception>
    public static StackSecrets LoadOrCreate(string dataFolder)
    {
        var path = Path.Combine(dataFolder, "secrets.json");
        if (!File.Exists(path))
        {
            var secrets = Create();
            PrivateFiles.Write(path, JsonSerializer.Serialize(secrets, Json));
            return secrets;
        }

        try
        {
            var secrets = JsonSerializer.Deserialize<StackSecrets>(File.ReadAllText(path), Json) ?? throw new JsonException("It is null.");
            secrets.ThrowIfIncomplete();
            return secrets;
        }
        catch (JsonException error)
        {
            throw new ServiceFailedException(
                $"\"{path}\" cannot be read ({error.Message}). Bring it back, or start on a new folder with --data.", error);
        }
    }

    // A service that is started with an empty secret says so later, in its own words, which lead nobody to this file.
    private void ThrowIfIncomplete()
    {
        (string Name, string Value)[] secrets =
        [
            (nameof(PostgresAdministrator), PostgresAdministrator), (nameof(PostgresOwner), PostgresOwner), (nameof(StorageKey), StorageKey),
            (nameof(EventHubsKey), EventHubsKey), (nameof(SigningKey), SigningKey),
        ];
        foreach (var (name, value) in secrets)
        {
            if (string.IsNullOrWhiteSpace(value))
                throw new JsonException($"\"{Json.PropertyNamingPolicy!.ConvertName(name)}\" is empty.");
        }

        if (Users.Any(user => user is null || string.IsNullOrWhiteSpace(user.Username) || string.IsNullOrWhiteSpace(user.Password)))
            throw new JsonException("A user has no name or no password.");
    }

    private static StackSecrets Create()
    {
        using var signingKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new()
        {
            PostgresAdministrator = Password(),
            PostgresOwner = Password(),
            StorageKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(64)),
            EventHubsKey = Convert.ToBase64String(RandomNumberGenerator.GetBytes(32)),
            SigningKey = signingKey.ExportECPrivateKeyPem(),
            Users = [.. Roles.Select(role => new StackUser(role, Password(), role))],
        };
    }

    // 24 letters and digits, 142 bits: nothing to quote in a connection string or a shell.
    private static string Password() =>
        RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", 24);
}

/// <summary>A user of the system as <c>run.json</c> lists it.</summary>
public sealed record StackUser(string Username, string Password, string Role);
