using System.Globalization;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.LocalStack.Apps;

/// <summary>The function app in its own process, built with the local runtime.</summary>
public sealed class FunctionAppProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(90);
    private static readonly HttpClient Probe = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly ServiceProcess process;

    private FunctionAppProcess(Uri address, ServiceProcess process)
    {
        this.process = process;
        Address = address;
    }

    /// <summary>Base address, for example <c>http://127.0.0.1:7071/</c>.</summary>
    public Uri Address { get; }

    public int ProcessId => process.ProcessId;

    /// <summary>The process, to follow and to break.</summary>
    public ServiceProcess Process => process;

    /// <summary>Starts the app and returns when its health says ready.</summary>
    /// <exception cref="ServiceFailedException">It cannot be started; says its last lines.</exception>
    public static async Task<FunctionAppProcess> StartAsync(FunctionAppOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var program = Repository.Output("BuildingMgmt.Functions");
        var port = options.Port == 0 ? Ports.TakeFree() : options.Port;
        var address = new Uri($"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}");
        var process = ServiceProcess.Start(new()
        {
            Name = options.Name,
            FileName = Executables.Dotnet,
            Arguments = [program],
            WorkingFolder = Path.GetDirectoryName(program),
            Environment = Settings(options, address),
            LogPath = options.LogPath,
            // It drains running functions for up to 9 s when asked. The stack, which has stores to stop as well, allows it less.
            StopPatience = TimeSpan.FromSeconds(9),
            EndsWithInput = true,
            Ledger = options.Ledger,
        });
        var health = "it did not answer";
        try
        {
            await process.WaitUntilAsync(IsReadyAsync, StartDeadline, cancellationToken);
            return new(address, process);
        }
        catch (ServiceFailedException error)
        {
            await process.DisposeAsync();
            throw new ServiceFailedException($"{error.Message}\nAsked for its health at last: {health}", error);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }

        async Task<bool> IsReadyAsync(CancellationToken token)
        {
            try
            {
                using var answer = await Probe.GetAsync(new Uri(address, "/api/health/ready"), token);
                health = $"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(token)}";
                return answer.IsSuccessStatusCode;
            }
            catch (Exception error) when (error is HttpRequestException
                || (error is TaskCanceledException && !token.IsCancellationRequested))
            {
                return false;
            }
        }
    }

    /// <summary>Stops the app: it ends the functions that run and lets go of its partitions.</summary>
    public ValueTask DisposeAsync() => process.DisposeAsync();

    private static Dictionary<string, string> Settings(FunctionAppOptions options, Uri address)
    {
        var settings = new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = address.ToString(),
            ["FUNCTIONS_WORKER_RUNTIME"] = "dotnet-isolated",
            ["AzureWebJobsStorage"] = options.Storage,
            ["EventHubs"] = options.EventHubs,
            ["Postgres__ConnectionString"] = options.Postgres,
            ["DurablePostgres"] = options.Postgres,
            ["Auth__SigningKey"] = options.SigningKey,
            ["EXIT_WITH_PARENT"] = "1",
        };
        foreach (var (name, value) in options.Settings)
            settings[name] = value;
        return settings;
    }
}
