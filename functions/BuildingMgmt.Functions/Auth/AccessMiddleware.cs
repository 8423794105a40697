using System.Text;
using BuildingMgmt.Functions.Api;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Middleware;
using Microsoft.Net.Http.Headers;

namespace BuildingMgmt.Functions.Auth;

/// <summary>
/// Lets a request through to its function only when the function's rule allows its caller: the one place where that is decided.
/// What a caller may see within a function, by building, the function asks its <see cref="Caller"/>.
/// </summary>
public sealed class AccessMiddleware(
    HttpFunctions functions, AccessTokens tokens, Credentials credentials, RateLimits limits, TimeProvider time)
    : IFunctionsWorkerMiddleware
{
    private static readonly object ConnectionKey = new();

    private const string Realm = "realm=\"building-mgmt\"";

    /// <inheritdoc/>
    public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        var http = context.GetHttpContext();
        if (http is null)
            return next(context);

        // One that is not known here has no rule, and so is closed.
        var rule = functions.Find(context.FunctionDefinition.Name)?.Access
            ?? throw new InvalidOperationException($"Function \"{context.FunctionDefinition.Name}\" has no access rule.");
        if (!rule.IsAnonymous)
            return AdmitAsync(context, http, rule, next);
        if (rule.IsLimited)
            limits.CountAddress(http);
        return next(context);
    }

    private async Task AdmitAsync(FunctionContext context, HttpContext http, AccessRule rule, FunctionExecutionDelegate next)
    {
        var caller = await IdentifyOrCountAsync(http, rule);
        limits.CountCaller(caller, http);
        if ((caller.Roles & rule.Roles) == 0)
            throw new ProblemException(Forbidden(rule));
        http.Features.Set(caller);
        await next(context);
    }

    // Whoever is not let in has no name to count by.
    private async ValueTask<Caller> IdentifyOrCountAsync(HttpContext http, AccessRule rule)
    {
        try
        {
            return await IdentifyAsync(http, rule);
        }
        catch (ProblemException e) when (e.Problem.Status == StatusCodes.Status401Unauthorized)
        {
            limits.CountAddress(http);
            throw;
        }
    }

    private ValueTask<Caller> IdentifyAsync(HttpContext http, AccessRule rule)
    {
        const string bearer = "Bearer ";
        var header = http.Request.Headers.Authorization;
        if (header.Count != 1 || header[0] is not { } value)
            throw new ProblemException(Unauthorized(rule, "The request has no access token.", error: null));
        if (value.StartsWith(bearer, StringComparison.OrdinalIgnoreCase))
            return IdentifyByToken(http, rule, value, bearer.Length);
        if (rule.AcceptsBasic && value.StartsWith("Basic ", StringComparison.OrdinalIgnoreCase))
            return IdentifyGatewayAsync(http, rule, value["Basic ".Length..]);
        throw new ProblemException(Unauthorized(rule, "The Authorization header is of a kind that is not taken here.", error: null));
    }

    private ValueTask<Caller> IdentifyByToken(HttpContext http, AccessRule rule, string header, int tokenStart)
    {
        // Kestrel hands out the same string again when a connection's next request repeats a header, byte for byte. Then
        // even the token's hash need not be made again, which costs more than all else here. Requests of HTTP/2 run at
        // once on one connection, whose items do not bear that.
        var connection = HttpProtocol.IsHttp11(http.Request.Protocol) ? http.Features.Get<IConnectionItemsFeature>()?.Items : null;
        if (connection is not null && connection.TryGetValue(ConnectionKey, out var item) && item is SeenHeader seen
            && ReferenceEquals(seen.Header, header) && seen.Token.Expires > time.GetUtcNow())
        {
            return new ValueTask<Caller>(seen.Token.Caller);
        }

        var validation = tokens.ValidateAsync(header.AsSpan(tokenStart));
        return validation.IsCompletedSuccessfully
            ? new ValueTask<Caller>(Require(validation.Result, connection, header, rule))
            : AwaitAndRequireAsync(validation, connection, header, rule);
    }

    private static async ValueTask<Caller> AwaitAndRequireAsync(
        ValueTask<ValidToken?> validation, IDictionary<object, object?>? connection, string header, AccessRule rule) =>
        Require(await validation, connection, header, rule);

    private static Caller Require(ValidToken? token, IDictionary<object, object?>? connection, string header, AccessRule rule)
    {
        if (token is null)
            throw new ProblemException(Unauthorized(rule, "The access token is not valid, or no longer.", "invalid_token"));
        if (connection is not null)
            connection[ConnectionKey] = new SeenHeader(header, token);
        return token.Caller;
    }

    private async ValueTask<Caller> IdentifyGatewayAsync(HttpContext http, AccessRule rule, string encoded)
    {
        if (!TryDecodeBasic(encoded, out var gatewayId, out var secret))
            throw new ProblemException(Unauthorized(rule, "The Basic credential is not base64 of \"id:secret\".", error: null));
        return await credentials.FindGatewayAsync(gatewayId, secret, http, http.RequestAborted)
            ?? throw new ProblemException(Unauthorized(rule, "There is no active gateway with this id and secret.", error: null));
    }

    private static bool TryDecodeBasic(string encoded, out string id, out string secret)
    {
        id = secret = "";
        var bytes = new byte[encoded.Length];
        if (encoded.Length > 1024 || !Convert.TryFromBase64String(encoded, bytes, out var written))
            return false;
        var text = Encoding.UTF8.GetString(bytes, 0, written);
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || text.Contains('\0', StringComparison.Ordinal))
            return false;
        (id, secret) = (text[..colon], text[(colon + 1)..]);
        return true;
    }

    private static Problem Unauthorized(AccessRule rule, string detail, string? error)
    {
        var challenge = error is null ? $"Bearer {Realm}" : $"Bearer {Realm}, error=\"{error}\"";
        return new Problem(StatusCodes.Status401Unauthorized, "not signed in", detail)
        {
            Parameter = HeaderNames.Authorization,
            Hint = "POST {\"username\",\"password\"} to /api/auth/token and send its token as Authorization: Bearer <token>."
                + (rule.AcceptsBasic ? " A gateway sends its id and secret as Basic credentials." : ""),
            Challenge = rule.AcceptsBasic ? $"{challenge}, Basic {Realm}" : challenge,
        };
    }

    private static Problem Forbidden(AccessRule rule) =>
        new(StatusCodes.Status403Forbidden, "not allowed", $"This needs one of the roles: {rule.Roles.ToString().ToLowerInvariant()}.")
        {
            Hint = "Ask an administrator for the role.",
            Challenge = $"Bearer {Realm}, error=\"insufficient_scope\"",
        };

    /// <summary>The last token that a connection brought, with the very string in which it came.</summary>
    private sealed record SeenHeader(string Header, ValidToken Token);
}
