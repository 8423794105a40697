using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using BuildingMgmt.LocalStack.Data;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;

namespace BuildingMgmt.Testing;

/// <summary>
/// The whole system, started by the user's own command on free ports and a folder of its own. Tests find it through <c>run.json</c>, as
/// every tool does.
/// </summary>
public sealed class RunningStack : IAsyncDisposable
{
    // A first start with "npm ci" over a slow line.
    private static readonly TimeSpan StartDeadline = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(10);

    private readonly ScratchFolder? ownFolder;
    private bool disposed;

    private RunningStack(ServiceProcess process, string dataFolder, ScratchFolder? ownFolder)
    {
        Process = process;
        DataFolder = dataFolder;
        this.ownFolder = ownFolder;
        Run = RunFile.Read(RunFilePath);
        Http = new() { BaseAddress = new(Run.Http[0]) };
    }

    /// <summary>The command itself, to follow and to break.</summary>
    public ServiceProcess Process { get; }

    public string DataFolder { get; }

    public string RunFilePath => Path.Combine(DataFolder, "run.json");

    /// <summary><c>run.json</c> as it was when the stack became ready.</summary>
    public RunFile Run { get; }

    /// <summary>The first app process, without a token.</summary>
    public HttpClient Http { get; }

    /// <summary>Starts the command with these options, on free ports and a new folder unless they say otherwise.</summary>
    /// <exception cref="ServiceFailedException">It did not become ready; says its last lines.</exception>
    public static Task<RunningStack> StartAsync(params string[] arguments) => StartAsync(dataFolder: null, arguments);

    /// <summary>As above, on a folder which the caller keeps, so that it can start again on the same data.</summary>
    public static async Task<RunningStack> StartAsync(string? dataFolder, string[] arguments)
    {
        var ownFolder = dataFolder is null ? new ScratchFolder() : null;
        dataFolder ??= ownFolder!.File("data");
        var process = ServiceProcess.Start(Command(dataFolder, arguments));
        try
        {
            await process.WaitForLineAsync("ready ", StartDeadline, CancellationToken.None);
            return new(process, dataFolder, ownFolder);
        }
        catch
        {
            await process.DisposeAsync();
            ownFolder?.Dispose();
            throw;
        }
    }

    /// <summary>How the command is run by a test: with these options, on free ports.</summary>
    public static ServiceCommand Command(string dataFolder, params string[] arguments) => new()
    {
        Name = "stack",
        FileName = Executables.Dotnet,
        Arguments =
        [
            Repository.Output("BuildingMgmt.LocalStack"), "--data", dataFolder, .. FreePorts(arguments), .. arguments,
        ],
        StopPatience = StopDeadline,
    };

    /// <summary>A client that is signed in as the user with this role.</summary>
    /// <param name="role">admin, engineer, operator or viewer.</param>
    public async Task<HttpClient> LoginAsync(string role, CancellationToken cancellationToken = default)
    {
        var user = Run.Users.Single(user => user.Role == role);
        using var answer = await Http.PostAsJsonAsync(
            "/api/auth/token", new { username = user.Username, password = user.Password }, cancellationToken);
        answer.EnsureSuccessStatusCode();
        var token = await answer.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        var client = new HttpClient { BaseAddress = Http.BaseAddress };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Bearer", token.GetProperty("access_token").GetString());
        return client;
    }

    /// <summary>Stops the command and returns its exit code. No process of it is left.</summary>
    /// <exception cref="InvalidOperationException">It took longer than 10 s, or left something behind.</exception>
    public async Task<int> StopAsync()
    {
        var processes = Processes();
        await Process.DisposeAsync();
        var exitCode = await EndedAsync();
        var left = processes.Where(process => process.Identity.IsRunning()).Select(process => process.Name).ToList();
        return left.Count == 0
            ? exitCode
            : throw new InvalidOperationException(
                $"The stack ended with exit code {exitCode} and left behind: {string.Join(", ", left)}. "
                + $"It said last:\n{Process.LastLines}");
    }

    /// <summary>Kills the command alone, as a crash would, and returns when its services have ended by themselves.</summary>
    public async Task KillAsync()
    {
        var processes = Processes();
        await Process.KillAsync();
        await Eventually.TrueAsync(
            () => Task.FromResult(!processes.Any(process => process.Identity.IsRunning())),
            StopDeadline,
            "the services of a killed stack end");
        await EndedAsync();
    }

    /// <summary>Waits until the command has ended by itself and returns its exit code.</summary>
    public async Task<int> EndedAsync()
    {
        var exitCode = await Process.Exited;
        disposed = true;
        Http.Dispose();
        ownFolder?.Dispose();
        return exitCode;
    }

    /// <summary>The services' processes as <c>run.json</c> lists them now.</summary>
    public IReadOnlyList<(string Name, ProcessIdentity Identity)> Processes() =>
    [
        .. RunFile.Read(RunFilePath).Processes.Select(process => (process.Name,
            ProcessIdentity.Of(process.ProcessId)
                ?? throw new InvalidOperationException($"\"{process.Name}\" of run.json does not run."))),
    ];

    public async ValueTask DisposeAsync()
    {
        if (disposed)
            return;
        if (Process.Exited.IsCompleted)
            throw new InvalidOperationException($"The stack ended before the test did. {Process.Ended(await Process.Exited).Message}");
        if (await StopAsync() is not 0 and var exitCode)
            throw new InvalidOperationException($"The stack ended with exit code {exitCode}. It said last:\n{Process.LastLines}");
    }

    private static IEnumerable<string> FreePorts(string[] arguments) =>
        new[] { "--http-port", "--amqp-port", "--storage-port", "--postgres-port" }
            .Where(option => !arguments.Contains(option))
            .SelectMany(option => new[] { option, "0" });
}
