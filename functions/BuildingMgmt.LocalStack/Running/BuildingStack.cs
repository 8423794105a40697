using BuildingMgmt.LocalStack.Data;
using BuildingMgmt.LocalStack.Display;
using BuildingMgmt.LocalStack.Options;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.LocalStack.Running;

/// <summary>The whole system on this machine: brought up, watched and taken down.</summary>
internal sealed class BuildingStack(StackOptions options, IStartDisplay display)
{
    /// <summary>Runs until it is told to stop, a service dies, or a replay is done that was to end it.</summary>
    /// <returns>Exit code: 0 for an ordered end, 1 when the replay did not account for everything.</returns>
    /// <exception cref="ServiceFailedException">The start failed, or a service died; all is down again.</exception>
    public async Task<int> RunAsync(CancellationToken stop)
    {
        await CheckPrerequisitesAsync(stop);
        PrivateFiles.CreateFolder(options.DataFolder);
        using var held = DataFolderLock.Enter(options.DataFolder);
        var ledger = new ProcessLedger(options.DataFolder);
        await ledger.EndOrphansAsync(Console.WriteLine, stop);

        var ports = PortPlan.Settle(options);
        var services = new StackServices(options, ports, StackSecrets.LoadOrCreate(options.DataFolder), ledger);
        File.Delete(services.RunFilePath);
        try
        {
            return await RunAsync(services, ports, ledger, stop);
        }
        finally
        {
            File.Delete(services.RunFilePath);
        }
    }

    // Before anything is started: what is missing is said at once.
    private async Task CheckPrerequisitesAsync(CancellationToken cancellationToken)
    {
        if (options.Postgres is null || options.Storage is null)
            _ = await NodePackages.FindNodeAsync(cancellationToken);
        foreach (var project in new[] { "BuildingMgmt.Functions", "BuildingMgmt.EventHubsEndpoint", "BuildingMgmt.Simulator" })
            _ = Repository.Output(project);
    }

    private async Task<int> RunAsync(StackServices services, PortPlan ports, ProcessLedger ledger, CancellationToken stop)
    {
        StackStart? start = null;
        await using var supervisor = new Supervisor(options.RestartServices, () => start?.WriteRunFile(), Console.WriteLine);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stop, supervisor.Ending);
        try
        {
            start = new(options, ports, services, ledger, supervisor);
            await display.ShowAsync(steps => start.RunAsync(steps, either.Token));
            Console.WriteLine($"ready http://127.0.0.1:{ports.Http[0]}");
            if (!Console.IsOutputRedirected)
                Console.WriteLine($"Users, passwords and connection strings: {services.RunFilePath}\nCtrl+C takes everything down.");
            return await WaitAsync(start.Replay, either.Token);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return supervisor.Failed.IsCompleted ? throw await supervisor.Failed : 0;
        }
    }

    private async Task<int> WaitAsync(SupervisedService? replay, CancellationToken cancellationToken)
    {
        if (replay is not null)
        {
            var exitCode = await replay.Process.Exited.WaitAsync(cancellationToken);
            if (exitCode != 0)
                await Console.Error.WriteLineAsync(replay.Process.Ended(exitCode).Message);
            if (options.ExitWhenDone)
                return exitCode == 0 ? 0 : 1;
        }

        await Task.Delay(Timeout.Infinite, cancellationToken);
        return 0;
    }
}
