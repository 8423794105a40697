using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Tests.Dashboards;

/// <summary>Stands before a table store and counts what is read through it. Signatures stay right: they do not cover the host.</summary>
public sealed class CountingTableProxy : IAsyncDisposable
{
    private readonly HttpClient client = new();
    private readonly Uri tables;
    private WebApplication? server;
    private int reads;

    private CountingTableProxy(Uri tables) => this.tables = tables;

    /// <summary>GET requests so far.</summary>
    public int Reads => Volatile.Read(ref reads);

    /// <summary>Reads are counted and then wait for this.</summary>
    public Task ReadsWaitFor { get; set; } = Task.CompletedTask;

    /// <summary>The store's connection string, leading through here.</summary>
    public string ConnectionString { get; private set; } = "";

    public static async Task<CountingTableProxy> StartAsync(string storageConnectionString)
    {
        var parts = storageConnectionString.Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(part => part.Split('=', 2)).ToDictionary(part => part[0], part => part[1]);
        var tables = new Uri(parts["TableEndpoint"]);
        var proxy = new CountingTableProxy(tables);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        proxy.server = builder.Build();
        proxy.server.Run(proxy.ForwardAsync);
        await proxy.server.StartAsync();
        var address = new Uri(proxy.server.Urls.Single());
        parts["TableEndpoint"] = new UriBuilder(tables) { Port = address.Port }.Uri.ToString();
        proxy.ConnectionString = string.Join(';', parts.Select(part => $"{part.Key}={part.Value}"));
        return proxy;
    }

    public async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        client.Dispose();
    }

    private async Task ForwardAsync(HttpContext context)
    {
        if (HttpMethods.IsGet(context.Request.Method))
        {
            Interlocked.Increment(ref reads);
            await ReadsWaitFor;
        }

        var target = new UriBuilder(context.Request.GetEncodedUrl()) { Port = tables.Port }.Uri;
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), target);
        if (context.Request.ContentLength > 0)
            request.Content = new StreamContent(context.Request.Body);
        foreach (var (name, values) in context.Request.Headers)
        {
            if (name is not "Host" && !request.Headers.TryAddWithoutValidation(name, values.ToArray()))
                request.Content?.Headers.TryAddWithoutValidation(name, values.ToArray());
        }

        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
        context.Response.StatusCode = (int)response.StatusCode;
        foreach (var (name, values) in response.Headers.Concat(response.Content.Headers))
        {
            if (name is not "Transfer-Encoding" and not "Connection")
                context.Response.Headers[name] = values.ToArray();
        }

        await response.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
