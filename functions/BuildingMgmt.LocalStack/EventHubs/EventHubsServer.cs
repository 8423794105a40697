using System.Globalization;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.LocalStack.EventHubs;

/// <summary>This repository's Event Hubs endpoint (AMQP 1.0) as a process.</summary>
public sealed class EventHubsServer : IAsyncDisposable
{
    private const string KeyName = "RootManageSharedAccessKey";
    private const string ReadyLine = "listening 127.0.0.1:";
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(60);

    private readonly ServiceProcess process;

    private EventHubsServer(EventHubsOptions options, int port, ServiceProcess process)
    {
        this.process = process;
        Port = port;
        ConnectionString = $"Endpoint=sb://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)};SharedAccessKeyName={KeyName};"
            + $"SharedAccessKey={options.Key};UseDevelopmentEmulator=true;";
    }

    public int Port { get; }

    /// <summary>Without an entity path: the hub's name is given apart.</summary>
    public string ConnectionString { get; }

    public int ProcessId => process.ProcessId;

    /// <summary>The process, to follow and to break.</summary>
    public ServiceProcess Process => process;

    /// <summary>Starts the endpoint and returns when it listens.</summary>
    /// <exception cref="ServiceFailedException">It cannot be started; says its last lines.</exception>
    public static async Task<EventHubsServer> StartAsync(EventHubsOptions options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        PrivateFiles.CreateFolder(options.DataFolder);
        var process = ServiceProcess.Start(new()
        {
            Name = "event-hubs",
            FileName = Executables.Dotnet,
            Arguments =
            [
                Repository.Output("BuildingMgmt.EventHubsEndpoint"),
                "--port", options.Port.ToString(CultureInfo.InvariantCulture), "--data", options.DataFolder, "--hub", options.Hub,
                "--partitions", options.Partitions.ToString(CultureInfo.InvariantCulture), "--key-name", KeyName,
                "--exit-with-parent", .. options.MoreArguments,
            ],
            Environment = new Dictionary<string, string> { ["EVENT_HUBS_KEY"] = options.Key },
            LogPath = options.LogPath,
            EndsWithInput = true,
            Ledger = options.Ledger,
        });
        try
        {
            var ready = await process.WaitForLineAsync(ReadyLine, StartDeadline, cancellationToken);
            return new(options, int.Parse(ready.AsSpan(ReadyLine.Length), NumberStyles.None, CultureInfo.InvariantCulture), process);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops in order; what was accepted is on disk.</summary>
    public ValueTask DisposeAsync() => process.DisposeAsync();
}
