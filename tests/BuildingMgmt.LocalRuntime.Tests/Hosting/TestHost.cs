using System.Globalization;
using BuildingMgmt.LocalRuntime.Hosting;
using BuildingMgmt.Testing;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace BuildingMgmt.LocalRuntime.Tests.Hosting;

/// <summary>A function app within the test process: the given classes' functions, on a free port.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    private readonly IHost _host;
    private readonly ScratchFolder _folder;
    private bool _stopped;

    private TestHost(IHost host, ScratchFolder folder)
    {
        _host = host;
        _folder = folder;
        var address = host.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        Http = new HttpClient { BaseAddress = new Uri(address) };
    }

    public HttpClient Http { get; }

    public IServiceProvider Services => _host.Services;

    public static async Task<TestHost> StartAsync(
        IReadOnlyList<Type> functions,
        Action<FunctionsApplicationBuilder>? configure = null,
        IReadOnlyDictionary<string, string?>? settings = null,
        string hostJson = """{"version":"2.0","extensions":{"http":{"routePrefix":""}}}""",
        TimeProvider? time = null)
    {
        var folder = new ScratchFolder();
        try
        {
            var host = Builder(folder, functions, configure, settings, hostJson, time).Build();
            await host.StartAsync(TestContext.Current.CancellationToken);
            return new TestHost(host, folder);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public static FunctionsApplicationBuilder Builder(
        ScratchFolder folder,
        IReadOnlyList<Type> functions,
        Action<FunctionsApplicationBuilder>? configure = null,
        IReadOnlyDictionary<string, string?>? settings = null,
        string hostJson = """{"version":"2.0"}""",
        TimeProvider? time = null)
    {
        File.WriteAllText(folder.File("host.json"), hostJson);
        var all = new Dictionary<string, string?>(settings ?? new Dictionary<string, string?>()) { ["urls"] = "http://127.0.0.1:0" };
        var builder = new FunctionsApplicationBuilder(new LocalHostSettings
        {
            Folder = folder.Path,
            FunctionTypes = functions,
            Configuration = all,
            Time = time ?? TimeProvider.System,
        });
        builder.ConfigureFunctionsWebApplication();
        configure?.Invoke(builder);
        return builder;
    }

    public async Task StopAsync()
    {
        if (_stopped)
            return;
        _stopped = true;
        await _host.StopAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Http.Dispose();
        if (_host is IAsyncDisposable host)
            await host.DisposeAsync();
        _folder.Dispose();
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Http.BaseAddress}");
}
