using System.Buffers.Text;
using System.Security.Cryptography;

namespace BuildingMgmt.Functions.Auth;

/// <summary>A refresh token: the session that it belongs to, and a secret of 256 bits of which only the hash is stored.</summary>
public sealed class RefreshToken
{
    private const int IdBytes = 16;
    private const int SecretBytes = 32;
    private const int TextLength = 64;

    private readonly byte[] secret;

    private RefreshToken(Guid sessionId, byte[] secret)
    {
        SessionId = sessionId;
        this.secret = secret;
    }

    /// <summary>Random, and known to nobody but the token's holder.</summary>
    public Guid SessionId { get; }

    /// <summary>What is stored: SHA-256 of the secret.</summary>
    public byte[] Hash => SHA256.HashData(secret);

    /// <summary>The first token of a new session.</summary>
    public static RefreshToken Create() =>
        new(new Guid(RandomNumberGenerator.GetBytes(IdBytes)), RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>Reads a token that <see cref="ToString"/> made.</summary>
    public static RefreshToken? TryParse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var bytes = new byte[IdBytes + SecretBytes];
        return text.Length == TextLength && Base64Url.IsValid(text) && Base64Url.TryDecodeFromChars(text, bytes, out var written) && written == bytes.Length
            ? new RefreshToken(new Guid(bytes.AsSpan(0, IdBytes)), bytes[IdBytes..])
            : null;
    }

    /// <summary>
    /// The token that takes this one's place: the same one whenever it is asked for, so that whoever did not get the answer can ask
    /// again. Without the key nobody can tell it.
    /// </summary>
    public RefreshToken Next(byte[] key) => new(SessionId, HMACSHA256.HashData(key, secret));

    /// <summary>Whether this token's hash is the stored one; takes the same time whatever differs.</summary>
    public bool Matches(byte[]? hash) => CryptographicOperations.FixedTimeEquals(Hash, hash);

    /// <summary>The token as it is given out: 64 characters that are safe in JSON.</summary>
    public override string ToString() => Base64Url.EncodeToString([.. SessionId.ToByteArray(), .. secret]);
}
