using System.Security.Cryptography;
using System.Text;
using Microsoft.IdentityModel.Tokens;

namespace BuildingMgmt.Functions.Auth;

/// <summary>
/// The key that signs access tokens and those that are taken beside it. To change the key: name the new one's public key in
/// <see cref="AuthOptions.OtherPublicKeys"/> of all instances, and wait as long as others may keep the key set; then let the new one sign
/// and name the old one's public key instead; take that out once the last token that it signed has ended.
/// </summary>
public sealed class SigningKeys : IDisposable
{
    private readonly List<ECDsa> keys;

    /// <summary>Reads the keys.</summary>
    public SigningKeys(AuthOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        keys = [options.ReadSigningKey(), .. options.ReadOtherPublicKeys()];
        var named = keys.ConvertAll(key => (Key: key, Public: Describe(key)));
        Signing = new SigningCredentials(SecurityKey(named[0]), SecurityAlgorithms.EcdsaSha256);
        Accepted = named.ConvertAll(SecurityKey);
        // One that is named twice, as it may be halfway through a change, is one.
        Public = new KeySet([.. named.Select(pair => pair.Public).DistinctBy(key => key.KeyId)]);
    }

    /// <summary>Signs new tokens.</summary>
    public SigningCredentials Signing { get; }

    /// <summary>All whose signature is taken.</summary>
    public IReadOnlyList<SecurityKey> Accepted { get; }

    /// <summary>The keys by which others can check our tokens.</summary>
    public KeySet Public { get; }

    /// <inheritdoc/>
    public void Dispose() => keys.ForEach(key => key.Dispose());

    private static SecurityKey SecurityKey((ECDsa Key, PublicKey Public) named) => new ECDsaSecurityKey(named.Key) { KeyId = named.Public.KeyId };

    private static PublicKey Describe(ECDsa key)
    {
        var parameters = key.ExportParameters(includePrivateParameters: false);
        var x = Base64UrlEncoder.Encode(parameters.Q.X);
        var y = Base64UrlEncoder.Encode(parameters.Q.Y);
        // RFC 7638: the members in this order, without spaces. So all instances name the key alike.
        var thumbprint = SHA256.HashData(Encoding.UTF8.GetBytes($$"""{"crv":"P-256","kty":"EC","x":"{{x}}","y":"{{y}}"}"""));
        return new PublicKey("EC", "P-256", x, y, Base64UrlEncoder.Encode(thumbprint), "sig", SecurityAlgorithms.EcdsaSha256);
    }
}
