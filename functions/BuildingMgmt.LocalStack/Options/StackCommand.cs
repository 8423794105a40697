using System.CommandLine;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;
using BuildingMgmt.Simulator.FaultLab;

namespace BuildingMgmt.LocalStack.Options;

/// <summary>The command line: its options and their defaults.</summary>
internal static class StackCommand
{
    private static readonly Option<string> Data = new("--data")
    {
        Description = "Folder where all state lives; a second start continues from it. Default: .local at the repository's root",
        HelpName = "folder",
        DefaultValueFactory = _ => Path.Combine(Repository.Root, ".local"),
    };

    private static readonly Option<int> HttpPort = Port("--http-port", 7071, "Port of the app; more instances take the next ones");
    private static readonly Option<int> AmqpPort = Port("--amqp-port", 5672, "Port of the Event Hubs endpoint");
    private static readonly Option<int> StoragePort =
        Port("--storage-port", 10_000, "Port of Azurite's blobs; queues and tables take the next two");

    private static readonly Option<int> PostgresPort = Port("--postgres-port", 5433, "Port of PostgreSQL");

    private static readonly Option<int> Instances = new("--instances")
    {
        Description = "Function app processes, which share all work",
        HelpName = "n",
        DefaultValueFactory = _ => 1,
    };

    private static readonly Option<bool> NoDemo = new("--no-demo")
    {
        Description = "An empty system: no building, no simulated gateway",
    };

    private static readonly Option<string?> Faults = new("--faults")
    {
        Description = $"Lets the demo's gateways misbehave: {string.Join(", ", FaultNames.All)}, or all",
        HelpName = "list",
    };

    private static readonly Option<string?> Replay = new("--replay")
    {
        Description = "Imports the data set (sensors.csv, readings.csv.gz) as a building and sends its readings as gateway batches",
        HelpName = "folder",
    };

    private static readonly Option<string?> Speed = new("--speed")
    {
        Description = "Speed of the replay, in times real time. Default: max, as fast as it can",
        HelpName = "n|max",
    };

    private static readonly Option<bool> ExitWhenDone = new("--exit-when-done")
    {
        Description = "Stops after the replay: exit code 0 if all that was sent is accounted for, else 1",
    };

    private static readonly Option<string?> Postgres = External("--postgres", "PostgreSQL server");
    private static readonly Option<string?> Storage = External("--storage", "storage account");
    private static readonly Option<string?> EventHubs = External("--event-hubs", "Event Hubs namespace with the hub \"telemetry\"");

    private static readonly Option<bool> RestartServices = new("--restart-services")
    {
        Description = "Starts a service that died again, on its port and data, instead of taking everything down",
    };

    /// <param name="run">Takes options that are right, runs the stack and returns the exit code.</param>
    public static RootCommand Create(Func<StackOptions, Task<int>> run)
    {
        var command = new RootCommand(
            "Brings up the whole building management system on this machine: PostgreSQL, storage, Event Hubs, the app and a building "
            + "that lives. Prints \"ready <url>\" when all is up and writes run.json into the data folder. Ctrl+C takes it down.")
        {
            Data, HttpPort, AmqpPort, StoragePort, PostgresPort, Instances, NoDemo, Faults, Replay, Speed, ExitWhenDone,
            Postgres, Storage, EventHubs, RestartServices,
        };
        command.SetAction(result =>
        {
            var options = Read(result);
            return options.Errors() is { Count: > 0 } errors
                ? throw new ServiceFailedException(string.Join('\n', errors))
                : run(options);
        });
        return command;
    }

    private static Option<int> Port(string name, int number, string what) => new(name)
    {
        Description = $"{what}. 0 takes a free one",
        HelpName = "port",
        DefaultValueFactory = _ => number,
    };

    private static Option<string?> External(string name, string what) => new(name)
    {
        Description = $"Uses this {what} instead of starting one",
        HelpName = "connection string",
    };

    // No text is no path; it is refused with all else that is wrong.
    private static string FullPath(string folder) => folder.Length == 0 ? "" : Path.GetFullPath(folder);

    private static StackOptions Read(ParseResult result) => new()
    {
        DataFolder = FullPath(result.GetValue(Data)!),
        HttpPort = result.GetValue(HttpPort),
        AmqpPort = result.GetValue(AmqpPort),
        StoragePort = result.GetValue(StoragePort),
        PostgresPort = result.GetValue(PostgresPort),
        Instances = result.GetValue(Instances),
        Demo = !result.GetValue(NoDemo),
        Faults = result.GetValue(Faults),
        ReplayFolder = result.GetValue(Replay) is { } folder ? FullPath(folder) : null,
        Speed = result.GetValue(Speed),
        ExitWhenDone = result.GetValue(ExitWhenDone),
        Postgres = result.GetValue(Postgres),
        Storage = result.GetValue(Storage),
        EventHubs = result.GetValue(EventHubs),
        RestartServices = result.GetValue(RestartServices),
    };
}
