using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace BuildingMgmt.EventHubsEndpoint.Security;

/// <summary>A shared access signature: whoever made it had the key, and opens <paramref name="Audience"/> until it expires.</summary>
/// <param name="Audience">URI of what is opened, decoded; all paths below it are open as well.</param>
internal sealed record SasToken(string Audience, DateTimeOffset ExpiresAt)
{
    private const string Scheme = "SharedAccessSignature ";

    // 9999-12-31T23:59:59Z, the last second that a DateTimeOffset can name.
    private const long UnixSecondsMax = 253_402_300_799;

    public enum Verdict
    {
        Valid,
        Malformed,
        WrongSignature,
        Expired,
    }

    /// <summary>Reads a token and checks its signature and time.</summary>
    public static Verdict Read(string? text, SharedAccessKey key, DateTimeOffset now, out SasToken? token)
    {
        token = null;
        if (text is null || !text.StartsWith(Scheme, StringComparison.Ordinal) || !TryReadFields(text[Scheme.Length..], out var fields))
            return Verdict.Malformed;
        if (!fields.TryGetValue("sr", out var audience) || !fields.TryGetValue("sig", out var signature)
            || !fields.TryGetValue("se", out var expiry) || !fields.TryGetValue("skn", out var keyName))
            return Verdict.Malformed;
        var signatureBytes = new byte[32];
        if (!long.TryParse(expiry, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) || seconds > UnixSecondsMax)
            return Verdict.Malformed;
        if (!Convert.TryFromBase64String(Uri.UnescapeDataString(signature), signatureBytes, out var signatureLength)
            || signatureLength != signatureBytes.Length
            || Uri.UnescapeDataString(keyName) != key.Name
            // Signed is the audience as it stands in the token, still encoded.
            || !key.HasSigned($"{audience}\n{expiry}", signatureBytes))
            return Verdict.WrongSignature;

        var expiresAt = DateTimeOffset.FromUnixTimeSeconds(seconds);
        if (expiresAt <= now)
            return Verdict.Expired;
        token = new SasToken(Uri.UnescapeDataString(audience), expiresAt);
        return Verdict.Valid;
    }

    /// <summary>Whether the token opens an entity such as "telemetry/Partitions/0". Which host it names is not looked at.</summary>
    public bool Opens(string entityPath)
    {
        if (!Uri.TryCreate(Audience, UriKind.Absolute, out var uri))
            return false;
        var path = Uri.UnescapeDataString(uri.AbsolutePath).Trim('/');
        return path.Length == 0 || (entityPath + "/").StartsWith(path + "/", StringComparison.OrdinalIgnoreCase);
    }

    private static bool TryReadFields(string text, [NotNullWhen(true)] out Dictionary<string, string>? fields)
    {
        fields = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var field in text.Split('&'))
        {
            var equals = field.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0 || !fields.TryAdd(field[..equals], field[(equals + 1)..]))
                return false;
        }
        return true;
    }
}
