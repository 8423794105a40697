using System.Globalization;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.Testing.Durable;

/// <summary>One process of the app with orchestrations (tests/BuildingMgmt.DurableApp), which can be killed, and started again on its port.</summary>
public sealed class DurableAppProcess : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly int _port = Ports.TakeFree();
    private readonly string _hub;
    private readonly string _orchestrations;
    private readonly string _effects;
    private readonly string? _logPath;
    private ServiceProcess _process;

    private DurableAppProcess(string hub, string orchestrations, string effects, string? logPath)
    {
        _hub = hub;
        _orchestrations = orchestrations;
        _effects = effects;
        _logPath = logPath;
        Http = new HttpClient { BaseAddress = new Uri(string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{_port}")), Timeout = Deadline };
        _process = Run();
    }

    public HttpClient Http { get; }

    /// <summary>Starts as many processes of one hub, and returns when they answer.</summary>
    public static Task<IReadOnlyList<DurableAppProcess>> StartAsync(
        int count, string hub, TestDatabase database, CancellationToken cancellationToken) =>
        StartAsync(count, hub, database.ConnectionString, database.ConnectionString, _ => null, cancellationToken);

    /// <summary>As the other, with a database for the orchestrations and one for the effects of their activities, and logs to read.</summary>
    public static async Task<IReadOnlyList<DurableAppProcess>> StartAsync(
        int count, string hub, string orchestrations, string effects, Func<int, string?> logPath, CancellationToken cancellationToken)
    {
        var processes = Enumerable.Range(0, count).Select(i => new DurableAppProcess(hub, orchestrations, effects, logPath(i))).ToList();
        try
        {
            await Task.WhenAll(processes.Select(process => process.AliveAsync(cancellationToken)));
            return processes;
        }
        catch
        {
            await StopAsync(processes);
            throw;
        }
    }

    public static Task StopAsync(IEnumerable<DurableAppProcess> processes) =>
        Task.WhenAll(processes.Select(process => process.DisposeAsync().AsTask()));

    /// <summary>Waits until it answers.</summary>
    public Task AliveAsync(CancellationToken cancellationToken) => _process.WaitUntilAsync(
        async token =>
        {
            try
            {
                return (await Http.GetAsync(new Uri("alive", UriKind.Relative), token)).IsSuccessStatusCode;
            }
            catch (HttpRequestException)
            {
                return false;
            }
        },
        Deadline, cancellationToken);

    /// <summary>SIGKILL, and the same command again.</summary>
    public async Task KillAndRestartAsync()
    {
        await KillAsync();
        _process = Run();
    }

    public Task KillAsync() => _process.KillAsync();

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Http.Dispose();
    }

    private ServiceProcess Run()
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        const string project = "BuildingMgmt.DurableApp";
        return ServiceProcess.Start(new()
        {
            Name = "durable app",
            FileName = Executables.Dotnet,
            Arguments = [Path.Combine(Repository.Root, "tests", project, "bin", own.Parent!.Name, own.Name, project + ".dll")],
            Environment = new Dictionary<string, string>
            {
                ["Hub"] = _hub,
                ["DurablePostgres"] = _orchestrations,
                ["Effects"] = _effects,
                ["AzureWebJobsStorage"] = "UseDevelopmentStorage=true",
                ["EXIT_WITH_PARENT"] = "1",
                ["ASPNETCORE_URLS"] = Http.BaseAddress!.ToString(),
            },
            LogPath = _logPath,
            EndsWithInput = true,
            StopPatience = TimeSpan.FromSeconds(20),
        });
    }
}
