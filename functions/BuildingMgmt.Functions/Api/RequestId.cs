using System.Buffers;

namespace BuildingMgmt.Functions.Api;

/// <summary>The id of one request: in every answer, every problem and the logs.</summary>
public static class RequestId
{
    /// <summary>Header that brings it in and out.</summary>
    public const string Header = "X-Request-Id";

    private const int LengthMax = 64;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");

    /// <summary>The id that <see cref="Assign"/> gave to this request.</summary>
    public static string Of(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.TraceIdentifier;
    }

    /// <summary>Takes the caller's id when it is well formed (1 to 64 of letters, digits, <c>. _ -</c>), else keeps the server's own.</summary>
    public static void Assign(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Request.Headers.TryGetValue(Header, out var given) && given.Count == 1 && IsWellFormed(given[0]))
            context.TraceIdentifier = given[0]!;
        else
            // Kestrel's own form, connection:request, without the character that is not allowed here.
            context.TraceIdentifier = context.TraceIdentifier.Replace(':', '-');
    }

    /// <summary>Whether a caller's id may be taken over.</summary>
    public static bool IsWellFormed(string? id) =>
        id is { Length: > 0 and <= LengthMax } && !id.AsSpan().ContainsAnyExcept(Allowed);
}
