using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using BuildingMgmt.Functions.Tests.Api;

namespace BuildingMgmt.Functions.Tests.Auth;

/// <summary>Authorization headers that must not be taken, made by hand from a good token.</summary>
public static class ForgedTokens
{
    public static async Task<IReadOnlyList<(string Kind, string Authorization)>> AllAsync(RunningApp app, CancellationToken cancellationToken)
    {
        var good = await app.TokenOfAsync("admin", cancellationToken);
        var parts = good.Split('.');
        var header = Decode(parts[0]);
        var claims = Decode(parts[1]);
        var now = DateTimeOffset.FromUnixTimeSeconds(claims["iat"]!.GetValue<long>());
        using var otherKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return
        [
            ("an empty token", "Bearer "),
            ("another scheme", "Digest " + good),
            ("Basic credentials of a user", "Basic " + Convert.ToBase64String("admin:admin-password"u8)),
            ("no text of a token", "Bearer hello"),
            ("dots only", "Bearer .."),
            ("a very long token", "Bearer " + new string('a', 20_000)),
            ("no signature", $"Bearer {parts[0]}.{parts[1]}."),
            ("another's signature", $"Bearer {parts[0]}.{Encode(With(claims, "sub", "root"))}.{parts[2]}"),
            ("algorithm none", $"Bearer {Encode(With(header, "alg", "none"))}.{parts[1]}."),
            ("HS256 with the public key", "Bearer " + SignHmac(With(header, "alg", "HS256"), claims, app.SigningKey.ExportSubjectPublicKeyInfo())),
            ("HS256 with the public key in PEM", "Bearer " + SignHmac(With(header, "alg", "HS256"), claims, Encoding.ASCII.GetBytes(app.SigningKey.ExportSubjectPublicKeyInfoPem()))),
            ("another key", "Bearer " + Sign(header, claims, otherKey)),
            ("another key under no id", "Bearer " + Sign(Without(header, "kid"), claims, otherKey)),
            ("another audience", "Bearer " + Sign(header, With(claims, "aud", "another-api"), app.SigningKey)),
            ("another issuer", "Bearer " + Sign(header, With(claims, "iss", "another"), app.SigningKey)),
            ("another type of token", "Bearer " + Sign(With(header, "typ", "JWT"), claims, app.SigningKey)),
            ("an expired token", "Bearer " + Sign(header, With(claims, "exp", now.AddSeconds(-1).ToUnixTimeSeconds()), app.SigningKey)),
            ("a token of tomorrow", "Bearer " + Sign(header, With(claims, "nbf", now.AddHours(1).ToUnixTimeSeconds()), app.SigningKey)),
            ("a token without end", "Bearer " + Sign(header, Without(claims, "exp"), app.SigningKey)),
            ("a token of nobody", "Bearer " + Sign(header, Without(claims, "sub"), app.SigningKey)),
        ];
    }

    /// <summary>A token with other claims, signed as the app signs.</summary>
    public static string Sign(JsonObject header, JsonObject claims, ECDsa key)
    {
        var text = $"{Encode(header)}.{Encode(claims)}";
        return $"{text}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256))}";
    }

    public static JsonObject Decode(string part) => JsonNode.Parse(Base64Url.DecodeFromChars(part))!.AsObject();

    public static JsonObject With(JsonObject original, string name, JsonNode value)
    {
        var copy = original.DeepClone().AsObject();
        copy[name] = value;
        return copy;
    }

    private static string SignHmac(JsonObject header, JsonObject claims, byte[] key)
    {
        var text = $"{Encode(header)}.{Encode(claims)}";
        return $"{text}.{Base64Url.EncodeToString(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(text)))}";
    }

    private static JsonObject Without(JsonObject original, string name)
    {
        var copy = original.DeepClone().AsObject();
        copy.Remove(name);
        return copy;
    }

    private static string Encode(JsonObject json) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(json));
}
