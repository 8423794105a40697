using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.Testing;

namespace BuildingMgmt.LocalStack.Tests;

public sealed class ServiceProcessTests : IDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private readonly ScratchFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Service_that_dies_while_it_starts_says_its_last_words()
    {
        await using var process = Start("echo no room left >&2; exit 7");
        var error = await Assert.ThrowsAsync<ServiceFailedException>(
            () => process.WaitForLineAsync("ready", Deadline, TestContext.Current.CancellationToken));
        Assert.Contains("\"sh\" ended with exit code 7", error.Message, StringComparison.Ordinal);
        Assert.Contains("no room left", error.Message, StringComparison.Ordinal);
        Assert.Contains(folder.File("sh.log"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Service_that_will_not_stop_is_killed()
    {
        var process = Start("trap '' TERM; echo ready; while :; do sleep 0.1; done", TimeSpan.FromMilliseconds(200));
        await process.WaitForLineAsync("ready", Deadline, TestContext.Current.CancellationToken);
        await process.DisposeAsync();
        Assert.Equal(128 + (int)UnixSignal.Kill, await process.Exited);
    }

    [Fact]
    public async Task Log_of_the_start_before_is_kept_beside()
    {
        foreach (var word in new[] { "first", "second", "third" })
        {
            await using var process = Start($"echo {word}");
            await process.Exited.WaitAsync(Deadline, TestContext.Current.CancellationToken);
        }

        Assert.Equal("third\n", await File.ReadAllTextAsync(folder.File("sh.log"), TestContext.Current.CancellationToken));
        Assert.Equal("second\n", await File.ReadAllTextAsync(folder.File("sh.log.1"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Service_talks_on_when_its_log_can_no_longer_be_written()
    {
        // Far more than a pipe holds, and than a log takes before another is begun.
        await using var process = Start(
            $"echo ready; until [ -e '{folder.File("go")}' ]; do sleep 0.05; done; yes {new string('x', 1000)} | head -n 20000; echo end");
        await process.WaitForLineAsync("ready", Deadline, TestContext.Current.CancellationToken);
        // In the way of the file that is kept when the log has become large.
        Directory.CreateDirectory(folder.File("sh.log.1", "in the way"));
        await File.WriteAllTextAsync(folder.File("go"), "", TestContext.Current.CancellationToken);

        await process.WaitForLineAsync("end", Deadline, TestContext.Current.CancellationToken);

        Assert.Equal(0, await process.Exited.WaitAsync(Deadline, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Folder_that_is_made_for_logs_is_private()
    {
        await using var process = Start("echo secret", log: folder.File("logs", "sh.log"));
        await process.Exited.WaitAsync(Deadline, TestContext.Current.CancellationToken);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.File("logs")));
    }

    [Fact]
    public void Program_that_does_not_exist_is_named()
    {
        var error = Assert.Throws<ServiceFailedException>(() => ServiceProcess.Start(new()
        {
            Name = "ghost",
            FileName = "no-such-program",
            Arguments = [],
        }));
        Assert.Contains("no-such-program", error.Message, StringComparison.Ordinal);
    }

    private ServiceProcess Start(string script, TimeSpan? patience = null, string? log = null) => ServiceProcess.Start(new()
    {
        Name = "sh",
        FileName = "sh",
        Arguments = ["-c", script],
        LogPath = log ?? folder.File("sh.log"),
        StopPatience = patience ?? Deadline,
    });
}
