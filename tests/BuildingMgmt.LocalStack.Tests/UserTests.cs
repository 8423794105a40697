using System.Diagnostics;
using BuildingMgmt.LocalStack.Data;
using BuildingMgmt.LocalStack.Postgres;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.LocalStack.Tests;

/// <summary>PostgreSQL refuses root, so a stack runs one way as root and another way as somebody else.</summary>
public sealed class UserTests : IDisposable
{
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(RootLaunch.UserNamespace, "0000000000000000")]
    // CAP_DAC_READ_SEARCH is bit 2, capabilities(7).
    [InlineData(RootLaunch.OtherUser, "0000000000000004")]
    public async Task Root_starts_postgres_in_a_folder_that_only_root_may_enter_and_leaves_it_no_power_but_to_look(
        RootLaunch launch, string powers)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root needs it.");
        var cancellationToken = TestContext.Current.CancellationToken;
        var options = new PostgresOptions
        {
            DataFolder = folder.File("data", "postgres"),
            AdministratorPassword = "administrator",
            OwnerPassword = "owner",
            SharedBuffersMegabytes = 16,
            RootLaunch = launch,
        };
        await using (var server = await PostgresServer.StartAsync(options, cancellationToken))
        {
            await using var source = NpgsqlDataSource.Create(server.ConnectionString);
            await using var create = source.CreateCommand("CREATE TABLE kept AS SELECT 1 AS one");
            await create.ExecuteNonQueryAsync(cancellationToken);
            var status = await File.ReadAllLinesAsync($"/proc/{server.ProcessId}/status", cancellationToken);
            Assert.Contains($"CapEff:\t{powers}", status);
        }

        // The other way continues with the same data.
        var other = launch == RootLaunch.OtherUser ? RootLaunch.UserNamespace : RootLaunch.OtherUser;
        await using var again = await PostgresServer.StartAsync(options with { RootLaunch = other }, cancellationToken);
        await using var sourceAgain = NpgsqlDataSource.Create(again.ConnectionString);
        await using var select = sourceAgain.CreateCommand("SELECT one FROM kept");
        Assert.Equal(1, await select.ExecuteScalarAsync(cancellationToken));
    }

    [Fact]
    public async Task Somebody_else_than_root_runs_the_whole_stack()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "All other tests show it: they do not run as root.");
        var users = await File.ReadAllLinesAsync("/etc/passwd", TestContext.Current.CancellationToken);
        var nobody = users.Single(line => line.StartsWith("nobody:", StringComparison.Ordinal)).Split(':')[2];
        var home = Directory.CreateDirectory(folder.File("home")).FullName;
        File.SetUnixFileMode(folder.Path, (UnixFileMode)0b111_101_101);
        await RunAsync("chown", $"{nobody}:{nobody}", home);
        var data = Path.Combine(home, "data");
        var command = RunningStack.Command(data, "--no-demo");

        await using var stack = ServiceProcess.Start(command with
        {
            FileName = "setpriv",
            // A clone may lie where others cannot look in, as /root; the right to read it is all that is left of root.
            Arguments =
            [
                $"--reuid={nobody}", $"--regid={nobody}", "--clear-groups", "--securebits=+no_setuid_fixup", "--inh-caps=+dac_read_search",
                "--ambient-caps=+dac_read_search", command.FileName, .. command.Arguments,
            ],
            Environment = new Dictionary<string, string> { ["HOME"] = home, ["DOTNET_CLI_HOME"] = home, ["TMPDIR"] = home },
        });
        await stack.WaitForLineAsync("ready ", TimeSpan.FromMinutes(2), TestContext.Current.CancellationToken);

        var run = RunFile.Read(Path.Combine(data, "run.json"));
        foreach (var process in run.Processes)
        {
            var status = await File.ReadAllLinesAsync($"/proc/{process.ProcessId}/status", TestContext.Current.CancellationToken);
            Assert.Contains($"Uid:\t{nobody}\t{nobody}\t{nobody}\t{nobody}", status);
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(program, arguments);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
    }
}
