using System.Collections.Frozen;
using System.Reflection;
using System.Security.Cryptography;
using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.Home;

/// <summary>A small page that shows that the system lives. It holds no data: the page signs in and asks the API.</summary>
public static class HomePage
{
    // Nothing from elsewhere, nothing inline: a text that slipped into the page could load or send nothing.
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private const string Page = "index.html";

    private static readonly FrozenDictionary<string, Asset> Assets = Load();

    /// <summary>The page.</summary>
    [Function("GetHomePage")]
    [AllowAnonymousAccess]
    public static IResult GetPage(
        // The Functions host serves no empty route; an optional segment that must be empty is the documented way.
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "{ignored:maxlength(0)?}")] HttpRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        request.HttpContext.Response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        return Assets[Page].ToResult(request);
    }

    /// <summary>Its script, style and icon.</summary>
    [Function("GetHomeAsset")]
    [AllowAnonymousAccess]
    public static IResult GetAsset(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "assets/{name}")] HttpRequest request, string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return name != Page && Assets.TryGetValue(name, out var asset)
            ? asset.ToResult(request)
            : Problem.NotFound("file", name).ToResult();
    }

    private static FrozenDictionary<string, Asset> Load()
    {
        var assembly = Assembly.GetExecutingAssembly();
        const string prefix = "Home.Assets.";
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => Asset.Read(assembly, name, name[prefix.Length..]))
            .ToFrozenDictionary(asset => asset.Name, StringComparer.Ordinal);
    }

    private sealed record Asset(string Name, byte[] Bytes, string ContentType, string ETag)
    {
        public static Asset Read(Assembly assembly, string resource, string name)
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            var contentType = Path.GetExtension(name) switch
            {
                ".html" => "text/html; charset=utf-8",
                ".js" => "text/javascript; charset=utf-8",
                ".css" => "text/css; charset=utf-8",
                ".svg" => "image/svg+xml",
                var other => throw new InvalidOperationException($"No content type is known for \"{other}\" files."),
            };
            return new Asset(name, bytes, contentType, $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16))}\"");
        }

        public IResult ToResult(HttpRequest request)
        {
            // Asked for again each time, and answered 304: so a new version is seen at once.
            request.HttpContext.Response.Headers.CacheControl = "no-cache";
            return Results.Bytes(Bytes, ContentType, entityTag: new Microsoft.Net.Http.Headers.EntityTagHeaderValue(ETag));
        }
    }
}
