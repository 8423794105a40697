using System.Buffers.Text;
using System.ComponentModel;
using System.Security.Cryptography;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace BuildingMgmt.Functions.Dashboards;

/// <summary>
/// A floor's dashboard as it goes over the wire: made once, sent to any number of callers. Sealed and marked immutable, so that
/// the cache hands out this very object.
/// </summary>
[ImmutableObject(true)]
public sealed class FloorSnapshot : IResult
{
    private readonly byte[] json;
    private readonly EntityTagHeaderValue etag;
    private readonly StringValues etagHeader;

    /// <summary>Takes over the JSON; the entity tag is its hash, so it changes exactly when the content does.</summary>
    public FloorSnapshot(byte[] json)
    {
        this.json = json;
        var text = $"\"{Base64Url.EncodeToString(SHA256.HashData(json).AsSpan(0, 16))}\"";
        etag = new EntityTagHeaderValue(text);
        etagHeader = text;
    }

    /// <summary>The body, UTF-8.</summary>
    public ReadOnlyMemory<byte> Json => json;

    /// <summary>What it shows; null when that is not known.</summary>
    internal KnownFloor? Source { get; init; }

    /// <summary>Timestamp of the clock when it was made.</summary>
    internal long MadeAt { get; init; }

    /// <summary>The entity tag, quoted.</summary>
    public string ETag => etagHeader.ToString();

    /// <summary>Writes the body, or 304 when the caller has it already.</summary>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        var response = httpContext.Response;
        response.Headers.ETag = etagHeader;
        // Kept by the caller alone, and asked for again every time: a 304 costs less than being wrong for a second.
        response.Headers.CacheControl = CacheControl;
        if (IsKnownTo(httpContext.Request.Headers.IfNoneMatch))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = json.Length;
        // Without RequestAborted, which would be made for this call alone: Kestrel ends the write when the caller goes.
        return response.BodyWriter.WriteAsync(json).AsTask();
    }

    private static readonly StringValues CacheControl = "private, no-cache";

    private bool IsKnownTo(StringValues ifNoneMatch)
    {
        if (ifNoneMatch.Count == 0)
            return false;
        // What nearly every poller sends: exactly one tag, ours or an older one of ours.
        if (ifNoneMatch.Count == 1 && string.Equals(ifNoneMatch[0], etagHeader[0], StringComparison.Ordinal))
            return true;
        return EntityTagHeaderValue.TryParseList(ifNoneMatch, out var tags)
            && tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(etag, useStrongComparison: false));
    }
}
