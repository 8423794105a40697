using System.Buffers;

namespace BuildingMgmt.Functions.Api;

/// <summary>Reads JSON bodies, with limits.</summary>
public static class RequestBody
{
    /// <summary>Reads a whole JSON body.</summary>
    /// <param name="request">Must say <c>Content-Type: application/json</c>.</param>
    /// <param name="bytesMax">Longest body taken; one byte more is answered 413.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="ProblemException">413, 415, or 400 for an empty body.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadJsonAsync(HttpRequest request, int bytesMax, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (!request.HasJsonContentType())
        {
            throw new ProblemException(new Problem(
                StatusCodes.Status415UnsupportedMediaType, "unsupported media type", "The body must be JSON.")
            { Hint = "Send the header Content-Type: application/json.", Parameter = "Content-Type" });
        }

        if (request.Headers.ContentEncoding.Count > 0 && request.Headers.ContentEncoding != "identity")
        {
            throw new ProblemException(new Problem(
                StatusCodes.Status415UnsupportedMediaType, "unsupported media type", "The body must not be compressed.")
            { Hint = "Send it as it is, without the header Content-Encoding.", Parameter = "Content-Encoding" });
        }

        if (request.ContentLength > bytesMax)
            throw TooLarge(bytesMax);

        var body = new ArrayBufferWriter<byte>((int)Math.Clamp(request.ContentLength ?? 4096, 1, bytesMax + 1));
        while (true)
        {
            var read = await request.Body.ReadAsync(body.GetMemory(1), cancellationToken);
            if (read == 0)
                break;
            body.Advance(read);
            if (body.WrittenCount > bytesMax)
                throw TooLarge(bytesMax);
        }

        return body.WrittenCount > 0
            ? body.WrittenMemory
            : throw new ProblemException(new Problem(StatusCodes.Status400BadRequest, "bad body", "The request has no body.")
            { Hint = "Send what is asked for as JSON in the body." });
    }

    private static ProblemException TooLarge(int bytesMax) => new(new Problem(
        StatusCodes.Status413PayloadTooLarge, "body too large", $"The body is longer than {bytesMax} bytes.")
    { Hint = "Send it in several requests." });
}
