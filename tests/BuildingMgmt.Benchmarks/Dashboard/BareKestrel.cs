using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Benchmarks.Dashboard;

/// <summary>
/// The limit of the dashboard benchmark: a Kestrel endpoint in a process of its own which answers with the same bytes
/// from memory, and 304 when asked with any If-None-Match.
/// </summary>
internal static class BareKestrel
{
    public const string Command = "bare-kestrel";

    /// <summary>Serves the bytes of <paramref name="bodyFile"/> at <c>/</c> until standard input closes.</summary>
    public static async Task ServeAsync(string bodyFile, CancellationToken cancellationToken)
    {
        var body = await File.ReadAllBytesAsync(bodyFile, cancellationToken);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        await using var app = builder.Build();
        app.MapGet("/", context => AnswerAsync(context, body));
        await app.StartAsync(cancellationToken);
        Console.WriteLine(app.Urls.Single());
        await Console.In.ReadToEndAsync(cancellationToken);
    }

    /// <summary>Starts this program again as a bare Kestrel and gives its process and address.</summary>
    public static async Task<(Process Process, Uri Address)> StartAsync(string bodyFile, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [typeof(BareKestrel).Assembly.Location, Command, bodyFile])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        if (!Path.GetFileNameWithoutExtension(start.FileName).Equals("dotnet", StringComparison.OrdinalIgnoreCase))
            start.ArgumentList.RemoveAt(0);
        var process = Process.Start(start)!;
        var address = await process.StandardOutput.ReadLineAsync(cancellationToken);
        return (process, new Uri(address ?? throw new InvalidOperationException("The bare Kestrel process ended before it listened.")));
    }

    private static Task AnswerAsync(HttpContext context, byte[] body)
    {
        context.Response.Headers.ETag = "\"bare\"";
        if (context.Request.Headers.IfNoneMatch.Count > 0)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return Task.CompletedTask;
        }

        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = body.Length;
        return context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
