using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;

namespace BuildingMgmt.Functions.Auth;

/// <summary>Sign-in and access tokens: section <c>Auth</c>.</summary>
public sealed class AuthOptions : IValidatableObject
{
    /// <summary>
    /// Private key that signs access tokens: EC on curve P-256, in PEM. Required, and the same in all instances. Made by
    /// <c>openssl ecparam -name prime256v1 -genkey -noout</c>.
    /// </summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "It is empty. " + KeyHint)]
    public string SigningKey { get; set; } = "";

    /// <summary>
    /// Public keys whose tokens are taken as well and that the key set shows, in PEM one after the other: of the next key before it signs
    /// and of the last one until its tokens have ended. Default none.
    /// </summary>
    public string OtherPublicKeys { get; set; } = "";

    /// <summary>Issuer (<c>iss</c>) of access tokens. Default building-mgmt.</summary>
    [Required(AllowEmptyStrings = false)]
    public string Issuer { get; set; } = "building-mgmt";

    /// <summary>Audience (<c>aud</c>) of access tokens. Default building-mgmt-api.</summary>
    [Required(AllowEmptyStrings = false)]
    public string Audience { get; set; } = "building-mgmt-api";

    /// <summary>Life of an access token, minutes. Default 15.</summary>
    [Range(1, 60)]
    public int AccessTokenMinutes { get; set; } = 15;

    /// <summary>Life of a refresh token, days: a session that is not gone on with for so long is over. Default 14.</summary>
    [Range(1, 365)]
    public int RefreshTokenDays { get; set; } = 14;

    /// <summary>Passwords verified at once; each takes 19 MiB and a processor for some tens of milliseconds. Default 2.</summary>
    [Range(1, 64)]
    public int PasswordChecksAtOnce { get; set; } = 2;

    /// <summary>Sign-ins that may wait for their turn; one more is answered 503. Default 32.</summary>
    [Range(0, 10_000)]
    public int PasswordChecksWaitingMax { get; set; } = 32;

    /// <summary>Failed sign-ins of one user name from one address within the window before it is locked there. Default 10.</summary>
    [Range(1, 10_000)]
    public int FailuresPerUserMax { get; set; } = 10;

    /// <summary>Failed sign-ins from one address within the window before it is locked. Default 50.</summary>
    [Range(1, 100_000)]
    public int FailuresPerAddressMax { get; set; } = 50;

    /// <summary>The window in which failures count, and how long a lock lasts at most, seconds. Default 300.</summary>
    [Range(1, 86_400)]
    public int FailureWindowSeconds { get; set; } = 300;

    /// <summary>
    /// Proxies in front whose <c>X-Forwarded-For</c> entry is believed, counted from the app. Default 0: the connection's own
    /// address counts. On Azure 1.
    /// </summary>
    [Range(0, 5)]
    public int TrustedProxies { get; set; }

    private const string KeyHint =
        "Give an EC private key on curve P-256 in PEM, made by: openssl ecparam -name prime256v1 -genkey -noout";

    private const string PublicKeyHint = "Give public keys in PEM, each made of its private key by: openssl ec -pubout";

    /// <summary>Reads <see cref="SigningKey"/>.</summary>
    /// <exception cref="ArgumentException">Not PEM, or no private key.</exception>
    /// <exception cref="CryptographicException">Not an EC key.</exception>
    public ECDsa ReadSigningKey()
    {
        var key = ECDsa.Create();
        key.ImportFromPem(SigningKey);
        return key;
    }

    /// <summary>Reads <see cref="OtherPublicKeys"/>.</summary>
    /// <exception cref="ArgumentException">Not PEM, or something else beside public keys.</exception>
    /// <exception cref="CryptographicException">Not an EC key.</exception>
    public IReadOnlyList<ECDsa> ReadOtherPublicKeys()
    {
        List<ECDsa> keys = [];
        var rest = OtherPublicKeys.AsSpan();
        while (!rest.IsWhiteSpace())
        {
            // A private key has no business here: it is refused, so that nobody leaves an old one lying about.
            var fields = PemEncoding.Find(rest);
            if (!rest[fields.Label].SequenceEqual("PUBLIC KEY"))
                throw new ArgumentException("Only public keys are taken.");
            var key = ECDsa.Create();
            keys.Add(key);
            key.ImportFromPem(rest[fields.Location]);
            rest = rest[fields.Location.End..];
        }

        return keys;
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (SigningKey.Length > 0 && WhatIsWrongWithKey() is { } wrong)
            yield return new ValidationResult($"It {wrong}. {KeyHint}", [nameof(SigningKey)]);
        if (!AreOtherKeysGood())
            yield return new ValidationResult($"It is not made of EC public keys on curve P-256. {PublicKeyHint}", [nameof(OtherPublicKeys)]);
    }

    private string? WhatIsWrongWithKey()
    {
        try
        {
            using var key = ReadSigningKey();
            return IsOnCurve(key) && key.ExportParameters(includePrivateParameters: true).D is not null ? null : "is not on curve P-256";
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            // Not the exception's text: it could quote the key.
            return "cannot be read as a private key";
        }
    }

    private bool AreOtherKeysGood()
    {
        try
        {
            return ReadOtherPublicKeys().All(IsOnCurve);
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            return false;
        }
    }

    private static bool IsOnCurve(ECDsa key) =>
        key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value;
}
