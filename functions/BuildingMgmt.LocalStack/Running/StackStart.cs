using System.Globalization;
using BuildingMgmt.LocalStack.Data;
using BuildingMgmt.LocalStack.Display;
using BuildingMgmt.LocalStack.Options;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.LocalStack.Running;

/// <summary>Brings the system up, step by step; what does not wait for another runs beside it.</summary>
internal sealed class StackStart(
    StackOptions options, PortPlan ports, StackServices services, ProcessLedger ledger, Supervisor supervisor)
{
    private readonly Lock gate = new();
    private RunFile? runFile;

    /// <summary>The replay, once it is started; null when none was asked for.</summary>
    public SupervisedService? Replay { get; private set; }

    public async Task RunAsync(IStartSteps steps, CancellationToken cancellationToken)
    {
        await InstallPackagesAsync(steps, cancellationToken);
        await Task.WhenAll(
            options.Postgres is null
                ? StartAsync(steps, "PostgreSQL 18", services.Postgres(), ports.Postgres, cancellationToken) : Task.CompletedTask,
            options.Storage is null
                ? StartAsync(steps, "Azurite (storage)", services.Azurite(), ports.Storage, cancellationToken) : Task.CompletedTask,
            options.EventHubs is null
                ? StartAsync(steps, "Event Hubs endpoint", services.EventHubs(), ports.Amqp, cancellationToken) : Task.CompletedTask);

        var hint = options.Postgres is null
            ? $"Look into PostgreSQL's log, \"{services.LogPath("postgres")}\"."
            : "Check the connection string of --postgres, and what its user may do there.";
        var database = new DatabaseSetup(options.DataFolder, services.PostgresConnection, hint);
        var schema = steps.Begin("Schema and users");
        await database.PrepareAsync(services.Users, cancellationToken);
        schema.Done("ready");

        await Task.WhenAll(
            ImportAsync(steps, database, cancellationToken),
            Task.WhenAll(Enumerable.Range(0, options.Instances).Select(index =>
                StartAsync(steps, $"Function app {index}", services.App(index), ports.Http[index], cancellationToken))));

        runFile = await DescribeAsync(database, cancellationToken);
        WriteRunFile();
        if (options.Demo)
            await supervisor.StartAsync(services.Demo(), cancellationToken);
        if (options.ReplayFolder is { } folder)
            Replay = await supervisor.StartAsync(services.Replay(folder), cancellationToken);
        WriteRunFile();
    }

    /// <summary>Writes <c>run.json</c> with the processes as they are now.</summary>
    public void WriteRunFile()
    {
        lock (gate)
        {
            if (runFile is null)
                return;
            var processes = supervisor.Services.Select(service => new RunProcess(service.Name, service.Process.ProcessId));
            (runFile with { Processes = [.. processes] }).Write(services.RunFilePath);
        }
    }

    private async Task InstallPackagesAsync(IStartSteps steps, CancellationToken cancellationToken)
    {
        if ((options.Postgres is not null && options.Storage is not null) || !NodePackages.AreMissing())
            return;
        var install = steps.Begin("npm packages (PostgreSQL, Azurite)");
        await NodePackages.EnsureAsync(install, cancellationToken);
        install.Done("installed");
    }

    private async Task StartAsync(
        IStartSteps steps, string title, SupervisedService service, int port, CancellationToken cancellationToken)
    {
        var step = steps.Begin(title);
        await supervisor.StartAsync(service, cancellationToken);
        step.Done($"127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}");
    }

    private async Task ImportAsync(IStartSteps steps, DatabaseSetup database, CancellationToken cancellationToken)
    {
        string?[] buildings = [options.Demo ? "demo" : null, options.ReplayFolder];
        foreach (var building in buildings.OfType<string>())
        {
            var step = steps.Begin(building == "demo" ? "Demo building" : "Building of the data set");
            await database.ImportAsync(building, services.LogPath("catalogue"), ledger, cancellationToken);
            step.Done("imported");
        }
    }

    private async Task<RunFile> DescribeAsync(DatabaseSetup database, CancellationToken cancellationToken) => new()
    {
        Http = [.. ports.Http.Select(port => $"http://127.0.0.1:{port.ToString(CultureInfo.InvariantCulture)}")],
        EventHubs = services.EventHubsConnection,
        Hub = StackServices.Hub,
        Postgres = services.PostgresConnection,
        Storage = services.StorageConnection,
        Users = services.Users,
        Gateways = database.ReadGateways(),
        Buildings = await database.ReadBuildingsAsync(cancellationToken),
        Processes = [],
    };
}
