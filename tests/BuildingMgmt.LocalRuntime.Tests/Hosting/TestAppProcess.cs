using BuildingMgmt.LocalRuntime.Tests.EventHubs;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.LocalRuntime.Tests.Hosting;

/// <summary>tests/BuildingMgmt.LocalRuntime.TestApp as a process that can be killed.</summary>
internal static class TestAppProcess
{
    /// <summary>A schedule that no test lives to see.</summary>
    public const string Never = "0 0 0 29 2 *";

    /// <param name="eventLog">The file into which it writes what it received.</param>
    /// <param name="schedule">Of its timer.</param>
    /// <param name="hostId">Under which processes share the timer; by default each hub's processes among themselves.</param>
    public static ServiceProcess Start(TestHub hub, string eventLog, string schedule = Never, string? hostId = null)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        const string project = "BuildingMgmt.LocalRuntime.TestApp";
        var environment = hub.Settings.ToDictionary(setting => setting.Key, setting => setting.Value!);
        environment["AzureFunctionsWebHost__hostid"] = hostId ?? hub.Name;
        environment["EventLog"] = eventLog;
        environment["Schedule"] = schedule;
        environment["EXIT_WITH_PARENT"] = "1";
        environment["ASPNETCORE_URLS"] = "http://127.0.0.1:0";
        return ServiceProcess.Start(new()
        {
            Name = "app",
            FileName = Executables.Dotnet,
            Arguments = [Path.Combine(Repository.Root, "tests", project, "bin", own.Parent!.Name, own.Name, project + ".dll")],
            Environment = environment,
            EndsWithInput = true,
            StopPatience = TimeSpan.FromSeconds(20),
        });
    }

    /// <summary>Waits until it has printed this text.</summary>
    public static Task SaysAsync(this ServiceProcess process, string text, TimeSpan deadline) => process.WaitUntilAsync(
        _ => Task.FromResult(process.LastLines.Contains(text, StringComparison.Ordinal)), deadline, TestContext.Current.CancellationToken);

    /// <summary>The lines of a file that a process may be writing.</summary>
    public static IReadOnlyList<string> Lines(string path)
    {
        if (!File.Exists(path))
            return [];
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        return [.. new StreamReader(stream).ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
