using System.Diagnostics;
using System.Globalization;
using BuildingMgmt.EventHubsEndpoint.Tests.Peers;
using BuildingMgmt.Testing;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Processes;

/// <summary>The endpoint as it is run: a process with a command line, which can be killed and started again on its data.</summary>
internal sealed class EndpointProcess : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly ScratchFolder _folder = new();
    private readonly string[] _arguments;
    private Process _process;

    private EndpointProcess(string[] arguments)
    {
        _arguments = arguments;
        _process = Run(0);
    }

    public int Port { get; private set; }

    public string DataFolder => _folder.File("data");

    public long WorkingSetBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public static async Task<EndpointProcess> StartAsync(params string[] arguments)
    {
        var endpoint = new EndpointProcess(arguments);
        endpoint.Port = await endpoint.ReadPortAsync();
        return endpoint;
    }

    /// <summary>SIGKILL, and the same command again on the same port and data.</summary>
    public async Task KillAndRestartAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
        _process.Dispose();
        _process = Run(Port);
        Assert.Equal(Port, await ReadPortAsync());
    }

    /// <summary>SIGTERM, and its exit code.</summary>
    public async Task<int> StopAsync()
    {
        await RunToolAsync("kill", "-TERM", Pid);
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline);
        return _process.ExitCode;
    }

    /// <summary>No file may grow beyond this any more, as if the disk were full; null gives the space back.</summary>
    public Task LimitFilesAsync(long? bytes) =>
        RunToolAsync("prlimit", "--pid", Pid, $"--fsize={bytes?.ToString(CultureInfo.InvariantCulture) ?? "unlimited"}:unlimited");

    /// <summary>Runs the command with arguments that make it fail, and returns its exit code and what it said on standard error.</summary>
    public static async Task<(int ExitCode, string Error)> FailAsync(string? key, params string[] arguments)
    {
        using var process = Process.Start(Command(arguments, key))!;
        process.StandardInput.Close();
        var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Deadline);
        return (process.ExitCode, error);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
        _folder.Dispose();
    }

    private string Pid => _process.Id.ToString(CultureInfo.InvariantCulture);

    private Process Run(int port)
    {
        var process = Process.Start(Command(
            ["--port", port.ToString(CultureInfo.InvariantCulture), "--data", DataFolder, "--partitions", "2", "--exit-with-parent", .. _arguments],
            LocalEndpoint.Key))!;
        process.ErrorDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        return process;
    }

    // Ignored signals are inherited: a write beyond the limit of a file's size fails then, as on a full disk, instead of ending the process.
    private static ProcessStartInfo Command(IEnumerable<string> arguments, string? key)
    {
        var start = new ProcessStartInfo("/bin/sh",
            ["-c", "trap '' XFSZ; exec \"$@\"", "sh", "dotnet", typeof(EventHubEndpoint).Assembly.Location, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[EndpointCommand.KeyVariable] = key;
        return start;
    }

    private async Task<int> ReadPortAsync()
    {
        const string ready = "listening 127.0.0.1:";
        var line = await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Deadline);
        Assert.StartsWith(ready, line, StringComparison.Ordinal);
        return int.Parse(line!.AsSpan(ready.Length), CultureInfo.InvariantCulture);
    }

    private static async Task RunToolAsync(string name, params string[] arguments)
    {
        using var tool = Process.Start(name, arguments);
        await tool.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, tool.ExitCode);
    }
}
