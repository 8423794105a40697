using System.Security.Cryptography;
using System.Text;

namespace BuildingMgmt.Database;

/// <summary>
/// A gateway's secret: random, at least 128 bits. So a plain SHA-256 keeps it safe, and checking it costs no more than a
/// microsecond on every request.
/// </summary>
public static class GatewaySecret
{
    /// <summary>Makes a new secret of 256 random bits, in URL-safe characters.</summary>
    public static string Create() => System.Buffers.Text.Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>What is stored of a secret: 32 bytes.</summary>
    public static byte[] Hash(string secret)
    {
        ArgumentException.ThrowIfNullOrEmpty(secret);
        return SHA256.HashData(Encoding.UTF8.GetBytes(secret));
    }

    /// <summary>Whether this is the secret that was hashed; takes the same time whatever differs.</summary>
    public static bool Verify(string secret, ReadOnlySpan<byte> hash)
    {
        ArgumentNullException.ThrowIfNull(secret);
        return secret.Length > 0 && CryptographicOperations.FixedTimeEquals(Hash(secret), hash);
    }
}
