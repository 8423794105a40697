using BuildingMgmt.LocalStack.Apps;
using BuildingMgmt.LocalStack.Data;
using BuildingMgmt.LocalStack.EventHubs;
using BuildingMgmt.LocalStack.Options;
using BuildingMgmt.LocalStack.Postgres;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;
using BuildingMgmt.LocalStack.Storage;

namespace BuildingMgmt.LocalStack.Running;

/// <summary>What each service of the stack is started with.</summary>
internal sealed class StackServices(StackOptions options, PortPlan ports, StackSecrets secrets, ProcessLedger ledger)
{
    /// <summary>The hub that the app's trigger names: of the stack's own endpoint, and of a namespace from outside.</summary>
    public const string Hub = "telemetry";

    // The app's three pools, the runtime's pool for orchestrations and its listener, and some more.
    private const int ConnectionsPerApp = 56;
    private const int ConnectionsOfOthers = 60;

    public IReadOnlyList<StackUser> Users => secrets.Users;

    public string RunFilePath { get; } = Path.Combine(options.DataFolder, "run.json");

    /// <summary>Known once the service runs, or from the start when it comes from outside; so with the next two.</summary>
    public string PostgresConnection { get; private set; } = options.Postgres ?? "";

    public string StorageConnection { get; private set; } = options.Storage ?? "";

    public string EventHubsConnection { get; private set; } = options.EventHubs ?? "";

    public SupervisedService Postgres() => new("postgres", StopTurn.Stores, async cancellationToken =>
    {
        var server = await PostgresServer.StartAsync(
            new()
            {
                DataFolder = Path.Combine(options.DataFolder, "postgres"),
                Port = ports.Postgres,
                AdministratorPassword = secrets.PostgresAdministrator,
                OwnerPassword = secrets.PostgresOwner,
                ConnectionsMax = ConnectionsOfOthers + (ConnectionsPerApp * options.Instances),
                LogPath = LogPath("postgres"),
                Ledger = ledger,
            },
            cancellationToken);
        PostgresConnection = server.ConnectionString;
        return server.Process;
    });

    public SupervisedService Azurite() => new("azurite", StopTurn.Stores, async cancellationToken =>
    {
        var server = await AzuriteServer.StartAsync(
            new()
            {
                DataFolder = Path.Combine(options.DataFolder, "azurite"),
                Port = ports.Storage,
                AccountKey = secrets.StorageKey,
                LogPath = LogPath("azurite"),
                Ledger = ledger,
            },
            cancellationToken);
        StorageConnection = server.ConnectionString;
        return server.Process;
    });

    public SupervisedService EventHubs() => new("event-hubs", StopTurn.Stores, async cancellationToken =>
    {
        var server = await EventHubsServer.StartAsync(
            new()
            {
                DataFolder = Path.Combine(options.DataFolder, "event-hubs"),
                Port = ports.Amqp,
                Hub = Hub,
                Key = secrets.EventHubsKey,
                LogPath = LogPath("event-hubs"),
                Ledger = ledger,
            },
            cancellationToken);
        EventHubsConnection = server.ConnectionString;
        return server.Process;
    });

    public SupervisedService App(int index) => new($"app-{index}", StopTurn.Workers, async cancellationToken =>
    {
        var app = await FunctionAppProcess.StartAsync(
            new()
            {
                Name = $"app-{index}",
                Port = ports.Http[index],
                Postgres = PostgresConnection,
                Storage = StorageConnection,
                EventHubs = EventHubsConnection,
                SigningKey = secrets.SigningKey,
                LogPath = LogPath($"app-{index}"),
                Ledger = ledger,
            },
            cancellationToken);
        return app.Process;
    });

    public SupervisedService Demo()
    {
        string[] faults = options.Faults is { } list ? ["--faults", list] : [];
        return new("simulator", StopTurn.Workers, _ => Task.FromResult(Simulator("simulator", ["demo", .. faults])));
    }

    /// <param name="folder">Of the data set.</param>
    public SupervisedService Replay(string folder) =>
        new("replay", StopTurn.Workers, _ =>
            Task.FromResult(Simulator("replay", ["replay", folder, "--speed", options.ReplaySpeed ?? "max"], Console.Out.WriteLine)))
        {
            MayEnd = true,
        };

    public string LogPath(string name) => Path.Combine(options.DataFolder, "logs", name + ".log");

    private ServiceProcess Simulator(string name, string[] arguments, Action<string>? onLine = null) => ServiceProcess.Start(new()
    {
        Name = name,
        FileName = Executables.Dotnet,
        Arguments = [Repository.Output("BuildingMgmt.Simulator"), .. arguments, "--run", RunFilePath, "--exit-with-parent"],
        LogPath = LogPath(name),
        OnLine = onLine,
        EndsWithInput = true,
        Ledger = ledger,
    });
}
