using System.Diagnostics;
using System.Globalization;
using BuildingMgmt.LocalStack.Postgres;
using Xunit;

namespace BuildingMgmt.Testing;

/// <summary>A PostgreSQL server of one test, which is broken as servers break.</summary>
public sealed class BreakableServer : PostgresFixture
{
    private PostgresOptions? options;
    private PostgresServer? server;

    /// <inheritdoc/>
    public override PostgresServer Server => server ?? throw new InvalidOperationException("The server has not been started.");

    /// <summary>Way to its first database.</summary>
    public string ConnectionString => Server.ConnectionString;

    /// <summary>The same after a restart.</summary>
    public int Port => Server.Port;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Makes and starts one.</summary>
    public static async Task<BreakableServer> StartAsync()
    {
        var server = new BreakableServer();
        await server.InitializeAsync();
        return server;
    }

    /// <inheritdoc/>
    public override async ValueTask InitializeAsync()
    {
        var first = new PostgresOptions
        {
            DataFolder = Folder.File("postgres"),
            AdministratorPassword = "administrator",
            OwnerPassword = "owner",
            SharedBuffersMegabytes = 64,
            LogPath = Folder.File("postgres.log"),
        };
        server = await PostgresServer.StartAsync(first, Token);
        options = first with { Port = server.Port };
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync() => await Server.Process.KillAsync();

    /// <summary>A start on the same data, which has to recover it.</summary>
    public async Task RestartAsync() => server = await PostgresServer.StartAsync(options!, Token);

    /// <summary>SIGKILL, and a start at once.</summary>
    public async Task KillAndRestartAsync()
    {
        await KillAsync();
        await RestartAsync();
    }

    /// <summary>Stops all its processes where they stand, so that connections stay open and nothing answers.</summary>
    public async Task FreezeAsync(TimeSpan time)
    {
        await SignalAsync("STOP");
        await Task.Delay(time, Token);
        await SignalAsync("CONT");
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        if (server is not null)
        {
            await SignalAsync("CONT");
            await server.DisposeAsync();
        }

        await base.DisposeAsync();
    }

    private async Task SignalAsync(string signal)
    {
        var process = Server.ProcessId.ToString(CultureInfo.InvariantCulture);
        await RunAsync("kill", $"-{signal}", process);
        await RunAsync("pkill", $"-{signal}", "-P", process);
    }

    private static async Task RunAsync(string name, params string[] arguments)
    {
        using var tool = Process.Start(name, arguments);
        await tool.WaitForExitAsync(CancellationToken.None);
    }
}
