using System.Text.Json;
using BuildingMgmt.Functions.Api;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.Auth;

/// <summary>Body of <c>POST /api/auth/refresh</c> and <c>POST /api/auth/logout</c>.</summary>
public sealed record RefreshRequest(string RefreshToken);

/// <summary>Goes on with a session, or ends it. The token comes in the body: URLs are logged by whoever stands in between.</summary>
public sealed class RefreshAccess(RefreshSessions sessions, AccessTokens tokens)
{
    private const int BodyBytesMax = 1024;

    /// <summary>A refresh token, once, against a new access token with the grants of now and the next refresh token.</summary>
    [Function("RefreshToken")]
    [AllowAnonymousAccess]
    public async Task<IResult> RefreshAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/auth/refresh")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        var token = RefreshToken.TryParse(await ReadAsync(request, cancellationToken));
        var session = token is null ? null : await sessions.RefreshAsync(token, cancellationToken);
        if (session is null)
        {
            return new Problem(StatusCodes.Status401Unauthorized, "not signed in", "The refresh token is not valid, or no longer.")
            {
                Hint = "Sign in again: POST {\"username\",\"password\"} to /api/auth/token.",
                Challenge = "Bearer realm=\"building-mgmt\"",
            }.ToResult();
        }

        request.HttpContext.Response.Headers.CacheControl = "no-store";
        return Results.Json(
            tokens.Create(session.Name, isGateway: false, session.Grants, session.Token), ApiJson.Default.TokenResponse);
    }

    /// <summary>Ends the session. A token that is none has no session, which is what was wanted: 204 as well.</summary>
    [Function("SignOut")]
    [AllowAnonymousAccess]
    public async Task<IResult> SignOutAsync(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "api/auth/logout")] HttpRequest request,
        CancellationToken cancellationToken)
    {
        if (RefreshToken.TryParse(await ReadAsync(request, cancellationToken)) is { } token)
            await sessions.EndAsync(token.SessionId, cancellationToken);
        return Results.NoContent();
    }

    private static async Task<string> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        _ = new QueryReader(request);
        var body = await RequestBody.ReadJsonAsync(request, BodyBytesMax, cancellationToken);
        try
        {
            if (JsonSerializer.Deserialize(body.Span, ApiJson.Default.RefreshRequest) is { } asked)
                return asked.RefreshToken;
        }
        catch (JsonException)
        {
            // Not the exception's text: it could quote the token.
        }

        throw new ProblemException(new Problem(StatusCodes.Status400BadRequest, "bad body", "The body has no refresh token.")
        { Hint = "Send {\"refresh_token\":\"…\"}." });
    }
}
