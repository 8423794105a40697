using System.Diagnostics;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.Testing;

namespace BuildingMgmt.LocalStack.Tests;

public sealed class ProcessLedgerTests : IDisposable
{
    private readonly ScratchFolder folder = new();
    private readonly Process process = Process.Start("sleep", ["600"]);

    public void Dispose()
    {
        if (!process.HasExited)
            process.Kill();
        process.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Process_left_over_is_ended_by_the_next_start()
    {
        new ProcessLedger(folder.Path).Add("sleep", ProcessIdentity.Of(process.Id)!, UnixSignal.Terminate);

        var ended = await new ProcessLedger(folder.Path).EndOrphansAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["sleep"], ended);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(128 + (int)UnixSignal.Terminate, process.ExitCode);
    }

    [Fact]
    public async Task Process_that_took_over_the_number_is_left_alone()
    {
        var identity = ProcessIdentity.Of(process.Id)!;
        new ProcessLedger(folder.Path).Add("other", identity with { Began = "earlier" }, UnixSignal.Terminate);

        Assert.Empty(await new ProcessLedger(folder.Path).EndOrphansAsync(TestContext.Current.CancellationToken));

        Assert.True(identity.IsRunning());
    }

    [Fact]
    public async Task Ledger_that_was_cut_short_ends_nothing()
    {
        new ProcessLedger(folder.Path).Add("sleep", ProcessIdentity.Of(process.Id)!, UnixSignal.Terminate);
        var path = folder.File("processes.json");
        var content = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(path, content[..^10], TestContext.Current.CancellationToken);

        Assert.Empty(await new ProcessLedger(folder.Path).EndOrphansAsync(TestContext.Current.CancellationToken));

        Assert.False(process.HasExited);
    }
}
