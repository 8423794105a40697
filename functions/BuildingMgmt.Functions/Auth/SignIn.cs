using System.Text.Json;
using System.Text.Json.Serialization;
using BuildingMgmt.Functions.Api;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.Auth;

/// <summary>Body of <c>POST /api/auth/token</c>. A gateway gives its id and secret.</summary>
public sealed record TokenRequest(string Username, string Password);

/// <summary>Answer of <c>POST /api/auth/token</c> and <c>POST /api/auth/refresh</c>.</summary>
/// <param name="AccessToken">JWT for the Authorization header.</param>
/// <param name="TokenType">Always Bearer.</param>
/// <param name="ExpiresIn">Seconds.</param>
/// <param name="RefreshToken">To go on with; absent for a gateway, which has its secret.</param>
public sealed record TokenResponse(
    string AccessToken,
    string TokenType,
    int ExpiresIn,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? RefreshToken);

/// <summary>Gives out access tokens, and the keys to check them with.</summary>
public sealed class SignIn(Credentials credentials, RefreshSessions sessions, AccessTokens tokens)
{
    private const int BodyBytesMax = 8 * 1024;
    private const int NameLengthMax = 200;

    // Argon2 takes any length; the limit keeps its input, and so its time, small.
    private const int PasswordLengthMax = 1024;

    /// <summary>A name and a password against an access token and, for a user, a refresh token.</summary>
    [Function("CreateToken")]
    [AllowAnonymousAccess]
    public async Task<IResult> CreateTokenAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/auth/token")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        _ = new QueryReader(request);
        var (username, password) = await ReadAsync(request, cancellationToken);
        var signedIn = await credentials.SignInAsync(username, password, request.HttpContext, cancellationToken);
        if (signedIn is null)
        {
            return new Problem(StatusCodes.Status401Unauthorized, "not signed in", "The name or the password is wrong.")
            {
                Hint = "Check both, or ask an administrator for a new password.",
                Challenge = "Bearer realm=\"building-mgmt\"",
            }.ToResult();
        }

        var refreshToken = signedIn.IsGateway ? null : await sessions.BeginAsync(signedIn.Name, cancellationToken);
        request.HttpContext.Response.Headers.CacheControl = "no-store";
        return Results.Json(
            tokens.Create(signedIn.Name, signedIn.IsGateway, signedIn.Grants, refreshToken), ApiJson.Default.TokenResponse);
    }

    /// <summary>The public keys of access tokens, as a JSON Web Key Set.</summary>
    [Function("GetKeySet")]
    [AllowAnonymousAccess]
    public IResult GetKeySet(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/.well-known/jwks.json")] HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        _ = new QueryReader(request);
        request.HttpContext.Response.Headers.CacheControl = "public, max-age=300";
        return Results.Json(tokens.PublicKeys, ApiJson.Default.KeySet);
    }

    private static async Task<TokenRequest> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        var body = await RequestBody.ReadJsonAsync(request, BodyBytesMax, cancellationToken);
        TokenRequest? credential;
        try
        {
            credential = JsonSerializer.Deserialize(body.Span, ApiJson.Default.TokenRequest);
        }
        catch (JsonException)
        {
            // Not the exception's text: it could quote the password.
            credential = null;
        }

        if (credential is null)
        {
            throw new ProblemException(new Problem(
                StatusCodes.Status400BadRequest, "bad body", "The body has not the two texts that sign-in takes.")
            { Hint = "Send {\"username\":\"…\",\"password\":\"…\"}." });
        }

        Check("username", credential.Username, NameLengthMax);
        Check("password", credential.Password, PasswordLengthMax);
        return credential;
    }

    private static void Check(string member, string value, int lengthMax)
    {
        if (value.Length == 0 || value.Length > lengthMax || value.Contains('\0', StringComparison.Ordinal))
            throw new ProblemException(Problem.BadValue(member, $"\"{member}\" must have 1 to {lengthMax} characters, none of them NUL.", "Send it as it was given to you."));
    }
}
