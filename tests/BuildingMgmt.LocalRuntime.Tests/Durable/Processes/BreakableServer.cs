using System.Diagnostics;
using System.Globalization;
using BuildingMgmt.LocalStack.Postgres;
using BuildingMgmt.Testing;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Processes;

/// <summary>A PostgreSQL server of one test, which is broken as servers break.</summary>
internal sealed class BreakableServer : IAsyncDisposable
{
    private readonly ScratchFolder _folder;
    private readonly PostgresOptions _options;
    private PostgresServer _server;

    private BreakableServer(ScratchFolder folder, PostgresOptions options, PostgresServer server)
    {
        _folder = folder;
        _options = options with { Port = server.Port };
        _server = server;
    }

    public int Port => _server.Port;

    public string ConnectionString => _server.ConnectionString;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<BreakableServer> StartAsync()
    {
        var folder = new ScratchFolder();
        var options = new PostgresOptions
        {
            DataFolder = folder.File("postgres"),
            AdministratorPassword = "administrator",
            OwnerPassword = "owner",
            SharedBuffersMegabytes = 64,
            LogPath = folder.File("postgres.log"),
        };
        return new BreakableServer(folder, options, await PostgresServer.StartAsync(options, Token));
    }

    /// <summary>SIGKILL, and a start on the same data, which has to recover it.</summary>
    public async Task KillAndRestartAsync()
    {
        await _server.Process.KillAsync();
        _server = await PostgresServer.StartAsync(_options, Token);
    }

    /// <summary>Stops all its processes where they stand, so that connections stay open and nothing answers.</summary>
    public async Task FreezeAsync(TimeSpan time)
    {
        await SignalAsync("STOP");
        await Task.Delay(time, Token);
        await SignalAsync("CONT");
    }

    public async ValueTask DisposeAsync()
    {
        await SignalAsync("CONT");
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    private async Task SignalAsync(string signal)
    {
        var server = _server.ProcessId.ToString(CultureInfo.InvariantCulture);
        await RunAsync("kill", $"-{signal}", server);
        await RunAsync("pkill", $"-{signal}", "-P", server);
    }

    private static async Task RunAsync(string name, params string[] arguments)
    {
        using var tool = Process.Start(name, arguments);
        await tool.WaitForExitAsync(CancellationToken.None);
    }
}
