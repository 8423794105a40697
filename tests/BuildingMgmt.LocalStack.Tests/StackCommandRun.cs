using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.Testing;

namespace BuildingMgmt.LocalStack.Tests;

/// <summary>Runs the command to its end, for what it refuses to do or only prints.</summary>
internal static class StackCommandRun
{
    public static async Task<(int ExitCode, string Output)> ToEndAsync(
        string dataFolder, string[] arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var command = RunningStack.Command(dataFolder, arguments);
        await using var process = ServiceProcess.Start(environment is null ? command : command with { Environment = environment });
        var exitCode = await process.Exited.WaitAsync(TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);
        return (exitCode, process.LastLines);
    }
}
