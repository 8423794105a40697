using System.Globalization;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.LocalStack.Storage;

/// <summary>
/// Azurite, the storage emulator. It saves every few seconds and when it is stopped in order; a kill loses what it accepted
/// since it saved last.
/// </summary>
public sealed class AzuriteServer : IAsyncDisposable
{
    private const string Account = "devstoreaccount1";
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);
    private static readonly HttpClient Probe = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly ServiceProcess process;

    private AzuriteServer(AzuriteOptions options, int port, ServiceProcess process)
    {
        this.process = process;
        Port = port;
        ConnectionString =
            $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={options.AccountKey};"
            + $"BlobEndpoint={Address(port)};QueueEndpoint={Address(port + 1)};TableEndpoint={Address(port + 2)};";
    }

    /// <summary>Port of blobs; queues and tables have the next two.</summary>
    public int Port { get; }

    public string ConnectionString { get; }

    public int ProcessId => process.ProcessId;

    /// <summary>The process, to follow and to break.</summary>
    public ServiceProcess Process => process;

    /// <summary>Starts Azurite and returns when all three services answer. Needs the npm packages.</summary>
    /// <exception cref="ServiceFailedException">It cannot be started; says its last lines.</exception>
    public static async Task<AzuriteServer> StartAsync(AzuriteOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        var node = await NodePackages.FindNodeAsync(cancellationToken);
        PrivateFiles.CreateFolder(options.DataFolder);
        var port = options.Port == 0 ? Ports.TakeFree(3) : options.Port;
        var process = ServiceProcess.Start(new()
        {
            Name = "azurite",
            FileName = node,
            Arguments =
            [
                Path.Combine(NodePackages.Folder, "azurite", "dist", "src", "azurite.js"),
                "--location", options.DataFolder, "--silent", "--disableTelemetry", "--skipApiVersionCheck",
                "--blobHost", "127.0.0.1", "--blobPort", Text(port),
                "--queueHost", "127.0.0.1", "--queuePort", Text(port + 1),
                "--tableHost", "127.0.0.1", "--tablePort", Text(port + 2),
            ],
            Environment = new Dictionary<string, string> { ["AZURITE_ACCOUNTS"] = $"{Account}:{options.AccountKey}" },
            LogPath = options.LogPath,
            Ledger = options.Ledger,
        });
        var server = new AzuriteServer(options, port, process);
        try
        {
            await process.WaitUntilAsync(server.AnswersAsync, StartDeadline, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Saves and stops.</summary>
    public ValueTask DisposeAsync() => process.DisposeAsync();

    private static string Address(int port) => $"http://127.0.0.1:{Text(port)}/{Account}";

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            for (var port = Port; port < Port + 3; port++)
            {
                // Refused for want of a signature, but by Azurite and nobody else.
                using var answer = await Probe.GetAsync(new Uri(Address(port)), cancellationToken);
                if (!answer.Headers.TryGetValues("Server", out var servers)
                    || !servers.Any(server => server.StartsWith("Azurite", StringComparison.Ordinal)))
                    return false;
            }

            return true;
        }
        catch (Exception error) when (error is HttpRequestException
            || (error is TaskCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return false;
        }
    }
}
