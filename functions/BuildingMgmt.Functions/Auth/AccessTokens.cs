using System.Buffers;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Options;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace BuildingMgmt.Functions.Auth;

/// <summary>Makes and checks access tokens: JWT, signed ES256.</summary>
public sealed class AccessTokens : IDisposable
{
    // Claim "grants": role:building, or role:* for all buildings.
    private const string GrantsClaim = "grants";
    private const string TokenType = "at+jwt";
    private const int TokenLengthMax = 16 * 1024;

    // Checking a signature takes about 100 µs, a cached answer about 3: a dashboard sends the same token every second.
    private const int CachedTokensMax = 10_000;

    private readonly JsonWebTokenHandler handler = new() { MapInboundClaims = false, SetDefaultTimesOnTokenCreation = false };
    private readonly ExpiringCache<TokenHash, ValidToken> validated;
    private readonly TokenValidationParameters validation;
    private readonly AuthOptions options;
    private readonly TimeProvider time;
    private readonly SigningKeys keys;

    /// <summary>Reads the keys.</summary>
    public AccessTokens(IOptions<AuthOptions> options, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        this.options = options.Value;
        this.time = time;
        validated = new ExpiringCache<TokenHash, ValidToken>(CachedTokensMax, time);
        keys = new SigningKeys(this.options);
        validation = new TokenValidationParameters
        {
            ValidIssuer = this.options.Issuer,
            ValidAudience = this.options.Audience,
            IssuerSigningKeys = keys.Accepted,
            ValidAlgorithms = [SecurityAlgorithms.EcdsaSha256],
            ValidTypes = [TokenType],
            RequireExpirationTime = true,
            RequireSignedTokens = true,
            LifetimeValidator = (notBefore, expires, _, _) => IsWithinLife(notBefore, expires),
        };
    }

    /// <summary>The keys by which others can check our tokens.</summary>
    public KeySet PublicKeys => keys.Public;

    /// <summary>Makes a token that carries the caller's grants.</summary>
    public TokenResponse Create(string name, bool isGateway, IReadOnlyCollection<Grant> grants, RefreshToken? refreshToken)
    {
        var now = time.GetUtcNow();
        var life = TimeSpan.FromMinutes(options.AccessTokenMinutes);
        var token = handler.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = options.Issuer,
            Audience = options.Audience,
            TokenType = TokenType,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = (now + life).UtcDateTime,
            Claims = new Dictionary<string, object>
            {
                [JwtRegisteredClaimNames.Sub] = name,
                [JwtRegisteredClaimNames.Jti] = Guid.NewGuid().ToString("N"),
                ["gateway"] = isGateway,
                [GrantsClaim] = grants.Select(Format).ToArray(),
            },
            SigningCredentials = keys.Signing,
        });
        return new TokenResponse(token, "Bearer", (int)life.TotalSeconds, refreshToken?.ToString());
    }

    /// <summary>Checks a token: algorithm, signature, type, issuer, audience and life.</summary>
    /// <returns>Null when anything is wrong with it.</returns>
    public ValueTask<ValidToken?> ValidateAsync(ReadOnlySpan<char> token)
    {
        if (token.Length > TokenLengthMax || !TokenHash.TryCompute(token, out var hash))
            return default;
        return validated.TryGet(hash, out var known)
            ? new ValueTask<ValidToken?>(known)
            : new ValueTask<ValidToken?>(ValidateSlowlyAsync(token.ToString(), hash));
    }

    /// <inheritdoc/>
    public void Dispose() => keys.Dispose();

    private async Task<ValidToken?> ValidateSlowlyAsync(string token, TokenHash hash)
    {
        var result = await handler.ValidateTokenAsync(token, validation);
        if (!result.IsValid
            || result.ClaimsIdentity.FindFirst(JwtRegisteredClaimNames.Sub)?.Value is not { Length: > 0 } name)
        {
            return null;
        }

        var isGateway = result.ClaimsIdentity.HasClaim("gateway", "true");
        var caller = new Caller(name, isGateway, result.ClaimsIdentity.FindAll(GrantsClaim).Select(Parse));
        var valid = new ValidToken(caller, new DateTimeOffset(result.SecurityToken.ValidTo, TimeSpan.Zero));
        validated.Set(hash, valid, valid.Expires);
        return valid;
    }

    private bool IsWithinLife(DateTime? notBefore, DateTime? expires)
    {
        // Instances' clocks may differ a little when a token is fresh; its end is its end.
        var now = time.GetUtcNow().UtcDateTime;
        return (notBefore is null || notBefore <= now.AddSeconds(10)) && expires > now;
    }

    private static string Format(Grant grant) =>
        $"{grant.Role.ToString().ToLowerInvariant()}:{grant.BuildingId?.ToString() ?? "*"}";

    private static Grant Parse(Claim claim)
    {
        var parts = claim.Value.Split(':');
        return new Grant(Enum.Parse<Roles>(parts[0], ignoreCase: true), parts[1] == "*" ? null : Guid.Parse(parts[1]));
    }
}

/// <summary>Whom a token is of, and until when.</summary>
public sealed record ValidToken(Caller Caller, DateTimeOffset Expires);

/// <summary>SHA-256 of a token: caches hold this instead of what could be stolen from a memory dump.</summary>
internal readonly record struct TokenHash(ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>Hashes a text of ASCII; false for any other.</summary>
    public static bool TryCompute(ReadOnlySpan<char> text, out TokenHash hash)
    {
        hash = default;
        byte[]? rented = null;
        var ascii = text.Length <= 1024 ? stackalloc byte[1024] : rented = ArrayPool<byte>.Shared.Rent(text.Length);
        try
        {
            if (Ascii.FromUtf16(text, ascii, out var written) != OperationStatus.Done)
                return false;
            Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(ascii[..written], digest);
            hash = System.Runtime.InteropServices.MemoryMarshal.Read<TokenHash>(digest);
            return true;
        }
        finally
        {
            if (rented is not null)
                ArrayPool<byte>.Shared.Return(rented, clearArray: true);
        }
    }
}

/// <summary>Answer of <c>GET /api/.well-known/jwks.json</c> (RFC 7517).</summary>
public sealed record KeySet(IReadOnlyList<PublicKey> Keys);

/// <summary>One public key of a <see cref="KeySet"/>.</summary>
public sealed record PublicKey(
    [property: JsonPropertyName("kty")] string KeyType,
    [property: JsonPropertyName("crv")] string Curve,
    [property: JsonPropertyName("x")] string X,
    [property: JsonPropertyName("y")] string Y,
    [property: JsonPropertyName("kid")] string KeyId,
    [property: JsonPropertyName("use")] string Use,
    [property: JsonPropertyName("alg")] string Algorithm);
