using System.Security.Cryptography;
using System.Text;

namespace BuildingMgmt.EventHubsEndpoint.Security;

/// <summary>The one key that opens the hub for sending, listening and management.</summary>
/// <param name="Name">As tokens name it (skn).</param>
/// <param name="Key">As connection strings carry it; its UTF-8 bytes are the HMAC key, as in the service.</param>
internal sealed record SharedAccessKey(string Name, string Key)
{
    private readonly byte[] _keyBytes = Encoding.UTF8.GetBytes(Key);

    /// <summary>Whether a signature is the one that this key makes; takes the same time for every wrong one.</summary>
    public bool HasSigned(string text, ReadOnlySpan<byte> signature) =>
        CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(_keyBytes, Encoding.UTF8.GetBytes(text)), signature);

    public override string ToString() => Name;
}
