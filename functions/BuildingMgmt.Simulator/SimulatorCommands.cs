using System.CommandLine;
using BuildingMgmt.Simulator.Catalogue;
using BuildingMgmt.Simulator.DemoBuilding;
using BuildingMgmt.Simulator.FaultLab;
using BuildingMgmt.Simulator.Gateways;
using BuildingMgmt.Simulator.Replay;
using Npgsql;

namespace BuildingMgmt.Simulator;

/// <summary>The program's commands, as <c>--help</c> describes them.</summary>
internal static class SimulatorCommands
{
    private static readonly Option<string> RunPath = new("--run")
    {
        Description = "run.json of the running system",
        Required = true,
    };

    private static readonly Option<bool> ExitWithParent = new("--exit-with-parent")
    {
        Description = "Stop when standard input closes",
    };

    public static RootCommand Create(TimeProvider time, ILogger logger) =>
        new("Simulated gateways: a demo building that lives, misbehaviour on request, and replay of data sets.")
        {
            DemoCommand(time, logger),
            ReplayCommand(time, logger),
            CatalogueCommand(),
        };

    private static Command DemoCommand(TimeProvider time, ILogger logger)
    {
        var faults = new Option<string>("--faults")
        {
            Description = $"How gateways misbehave: {string.Join(", ", FaultNames.All)} (with commas between), or all",
            DefaultValueFactory = _ => "",
        };
        Check(faults, list => FaultNames.Parse(list));
        var seed = new Option<int>("--seed")
        {
            Description = "Weather, people, noise and faults follow from it",
            DefaultValueFactory = _ => 1,
        };
        var command = new Command("demo", "Runs the demo building until it is stopped.") { RunPath, faults, seed, ExitWithParent };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, async token =>
        {
            var options = new DemoOptions(parsed.GetValue(seed), FaultNames.Parse(parsed.GetValue(faults)!));
            var run = await RunFile.ReadAsync(parsed.GetValue(RunPath)!, token);
            await using var hub = new EventHubSink(run.EventHubs, run.Hub);
            await new DemoRun(hub, options, time, logger).RunAsync(token);
            return 0;
        }, cancellationToken));
        return command;
    }

    private static Command ReplayCommand(TimeProvider time, ILogger logger)
    {
        var folder = new Argument<string>("folder") { Description = "Folder with sensors.csv and readings.csv.gz" };
        var speed = new Option<string>("--speed")
        {
            Description = "Times real time, or max",
            DefaultValueFactory = _ => ReplaySpeed.Max,
        };
        Check(speed, text => ReplaySpeed.Parse(text));
        var command = new Command(
            "replay",
            "Sends a data set that the catalogue knows, waits until all of it is accounted for, and prints the counts. "
            + "Sent again, it is all duplicates.") { folder, RunPath, speed, ExitWithParent };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, async token =>
        {
            var dataSet = DataSet.Open(parsed.GetValue(folder)!);
            var times = ReplaySpeed.Parse(parsed.GetValue(speed)!);
            var run = await RunFile.ReadAsync(parsed.GetValue(RunPath)!, token);
            if (string.IsNullOrEmpty(run.Postgres))
                throw new CommandException($"\"{parsed.GetValue(RunPath)}\" lacks \"postgres\", where the replay reads what became of its readings.");

            await using var hub = new EventHubSink(run.EventHubs, run.Hub);
            await using var dataSource = NpgsqlDataSource.Create(run.Postgres);
            var ledger = new GatewayLedger(dataSource, hub.HubId, [.. dataSet.Buildings.Select(ReplayGateways.Id)]);
            var outcome = await new ReplayRun(dataSet, hub, ledger, time, logger).RunAsync(times, Console.Out, token);
            if (outcome.Repeated > 0)
                Console.WriteLine($"{outcome.Repeated} readings arrived twice, after a lost acknowledgement; they are counted once");
            if (outcome.Problem is not null)
                await Console.Error.WriteLineAsync(outcome.Problem);
            Console.WriteLine(outcome);
            return outcome.Problem is null ? 0 : 1;
        }, cancellationToken));
        return command;
    }

    private static Command CatalogueCommand()
    {
        var source = new Argument<string>("source") { Description = $"\"{BuildingImport.Demo}\", or a data set's folder" };
        var postgres = new Option<string>("--postgres-env")
        {
            Description = "Environment variable that holds the PostgreSQL connection string",
            DefaultValueFactory = _ => "POSTGRES",
        };
        var secrets = new Option<string>("--secrets")
        {
            Description = "File that keeps the gateways' secrets; made at the first import, mode 0600",
            Required = true,
        };
        var timeZone = new Option<string>("--time-zone")
        {
            Description = "Time zone of a data set's buildings (IANA name)",
            DefaultValueFactory = _ => "UTC",
        };
        var command = new Command("catalogue", "Imports the demo building, or a data set's, into the catalogue.") { source, postgres, secrets, timeZone };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, async token =>
        {
            var variable = parsed.GetValue(postgres)!;
            var connectionString = Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value
                ? value
                : throw new CommandException($"The environment variable \"{variable}\" is empty. Put the PostgreSQL connection string there.");
            await BuildingImport.RunAsync(
                parsed.GetValue(source)!, parsed.GetValue(timeZone)!, connectionString, parsed.GetValue(secrets)!, Console.Out, token);
            return 0;
        }, cancellationToken));
        return command;
    }

    /// <summary>Refuses a text that cannot be read before the command does anything.</summary>
    /// <param name="read">Throws a <see cref="FormatException"/> that is for the user.</param>
    private static void Check(Option<string> option, Action<string> read) => option.Validators.Add(result =>
    {
        try
        {
            if (result.GetValueOrDefault<string>() is { } text)
                read(text);
        }
        catch (FormatException wrong)
        {
            result.AddError(wrong.Message);
        }
    });

    /// <summary>Runs until done or stopped by a signal or the parent's end: a good end for the demo alone, which sees to it itself.</summary>
    private static async Task<int> RunAsync(
        ParseResult parsed, Func<CancellationToken, Task<int>> action, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (parsed.CommandResult.Command.Options.Contains(ExitWithParent) && parsed.GetValue(ExitWithParent))
            _ = StopWithParentAsync(stop);
        try
        {
            return await action(stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("Stopped before it was done. It can be run again: what was done already is not done twice.");
            return 1;
        }
        catch (Exception exception) when (exception is CommandException or HubRefusedException or NpgsqlException)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return 1;
        }
    }

    private static async Task StopWithParentAsync(CancellationTokenSource stop)
    {
        var buffer = new byte[64];
        await using var input = Console.OpenStandardInput();
        while (await input.ReadAsync(buffer, stop.Token) > 0)
        {
            // What is written to us does not matter, only that somebody still could.
        }

        await stop.CancelAsync();
    }
}
