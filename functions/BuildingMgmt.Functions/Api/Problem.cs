using System.Text.Json;

namespace BuildingMgmt.Functions.Api;

/// <summary>An error as RFC 9457 problem details. The title is short and fixed; the detail holds the facts; the hint is the way out.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="Title">Short, the same for every case of its kind.</param>
/// <param name="Detail">What happened, to what. Never holds secrets or internals.</param>
public sealed record Problem(int Status, string Title, string Detail)
{
    /// <summary>Media type of the body.</summary>
    public const string ContentType = "application/problem+json";

    /// <summary>What the caller can do.</summary>
    public required string Hint { get; init; }

    /// <summary>The parameter or member that is wrong, by its name on the wire.</summary>
    public string? Parameter { get; init; }

    /// <summary>Goes out as <c>Retry-After</c>, rounded up to seconds.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Goes out as <c>Allow</c>.</summary>
    public string? Allow { get; init; }

    /// <summary>Goes out as <c>WWW-Authenticate</c>.</summary>
    public string? Challenge { get; init; }

    /// <summary>A value that is not allowed, of a parameter, a header or a member of the body.</summary>
    public static Problem BadValue(string parameter, string detail, string hint) =>
        new(StatusCodes.Status400BadRequest, "bad value", detail) { Parameter = parameter, Hint = hint };

    /// <summary>Does not exist, or is not the caller's to see: both look alike.</summary>
    public static Problem NotFound(string what, string id) =>
        new(StatusCodes.Status404NotFound, "not found", $"There is no {what} \"{id}\" that you may see.")
        { Hint = "Check the id, or ask an administrator for a role where it belongs." };

    /// <summary>A store or service this app needs is away.</summary>
    public static Problem Unavailable(string detail, TimeSpan retryAfter) =>
        new(StatusCodes.Status503ServiceUnavailable, "service unavailable", detail)
        {
            Hint = "Send the request again after the time in Retry-After.",
            RetryAfter = retryAfter,
        };

    /// <summary>An answer of a function.</summary>
    public IResult ToResult() => new ProblemResult(this);

    /// <summary>Writes the answer, with the request's id.</summary>
    public async Task WriteAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var response = context.Response;
        response.StatusCode = Status;
        response.ContentType = ContentType;
        response.Headers.CacheControl = "no-store";
        if (RetryAfter is { } wait)
            response.Headers.RetryAfter = ((long)Math.Ceiling(Math.Max(1, wait.TotalSeconds))).ToString(null, null);
        if (Allow is not null)
            response.Headers.Allow = Allow;
        if (Challenge is not null)
            response.Headers.WWWAuthenticate = Challenge;

        var bytes = JsonSerializer.SerializeToUtf8Bytes(
            new ProblemBody("about:blank", Title, Status, Detail, Hint, Parameter, RequestId.Of(context)),
            ApiJson.Default.ProblemBody);
        response.ContentLength = bytes.Length;
        await response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private sealed class ProblemResult(Problem problem) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext) => problem.WriteAsync(httpContext);
    }
}

/// <summary>The body of a <see cref="Problem"/>.</summary>
public sealed record ProblemBody(
    string Type, string Title, int Status, string Detail, string Hint, string? Parameter, string RequestId);

/// <summary>Ends a request with a <see cref="Problem"/>, from wherever it is found.</summary>
public sealed class ProblemException(Problem problem) : Exception(problem.Detail)
{
    /// <summary>What is answered.</summary>
    public Problem Problem { get; } = problem;
}
