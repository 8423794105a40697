using BuildingMgmt.Functions.Auth;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.Api;

/// <summary>Answers whatever no other function serves, so that also a wrong path or method gets problem details.</summary>
public sealed class UnknownRoute(HttpFunctions functions)
{
    /// <summary>Matches every path, behind all other routes.</summary>
    public const string Template = "{*path}";

    /// <summary>204 for OPTIONS, by which a browser asks before it calls from elsewhere; 405 with <c>Allow</c> where the path exists with other methods, else 404.</summary>
    [Function(nameof(UnknownRoute))]
    [AllowAnonymousAccess]
    public IResult Run([HttpTrigger(AuthorizationLevel.Anonymous, Route = Template)] HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        var methods = functions.MethodsAt(request.Path);
        if (methods.Count == 0)
        {
            return new Problem(
                StatusCodes.Status404NotFound, "not found", $"There is nothing at {QueryReader.Quote(request.Path.Value ?? "/")}.")
            { Hint = "Check the path: all calls begin with /api/." }.ToResult();
        }

        var allow = string.Join(", ", methods);
        if (HttpMethods.IsOptions(request.Method))
        {
            request.HttpContext.Response.Headers.Allow = allow;
            return Results.NoContent();
        }

        return new Problem(
            StatusCodes.Status405MethodNotAllowed, "method not allowed", $"{request.Method} is not served here.")
        {
            Allow = allow,
            Hint = $"Use {allow}.",
        }.ToResult();
    }
}
