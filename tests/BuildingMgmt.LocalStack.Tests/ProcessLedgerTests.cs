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

        var told = await EndOrphansAsync();

        Assert.Equal(["Ended \"sleep\", left over from a stack that was killed."], told);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(128 + (int)UnixSignal.Terminate, process.ExitCode);
    }

    [Fact]
    public async Task Process_that_took_over_the_number_is_left_alone()
    {
        var identity = ProcessIdentity.Of(process.Id)!;
        new ProcessLedger(folder.Path).Add("other", identity with { Began = "earlier" }, UnixSignal.Terminate);

        Assert.Empty(await EndOrphansAsync());

        Assert.True(identity.IsRunning());
    }

    [Fact]
    public async Task Ledger_that_was_cut_short_ends_nothing()
    {
        new ProcessLedger(folder.Path).Add("sleep", ProcessIdentity.Of(process.Id)!, UnixSignal.Terminate);
        var path = folder.File("processes.json");
        var content = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(path, content[..^10], TestContext.Current.CancellationToken);

        Assert.Contains("cannot be read and is taken for empty", Assert.Single(await EndOrphansAsync()), StringComparison.Ordinal);

        Assert.False(process.HasExited);
    }

    [Theory]
    [InlineData("null")]
    [InlineData("[null]")]
    [InlineData("""[{"name":null,"process":null}]""")]
    [InlineData("""[{"name":"sleep","process":{"processId":1,"began":null},"stopSignal":15}]""")]
    public async Task Ledger_with_nothing_where_something_belongs_is_taken_for_empty(string content)
    {
        await File.WriteAllTextAsync(folder.File("processes.json"), content, TestContext.Current.CancellationToken);

        Assert.Contains("cannot be read and is taken for empty", Assert.Single(await EndOrphansAsync()), StringComparison.Ordinal);
        Assert.Empty(await EndOrphansAsync());
    }

    private async Task<List<string>> EndOrphansAsync()
    {
        var told = new List<string>();
        await new ProcessLedger(folder.Path).EndOrphansAsync(told.Add, TestContext.Current.CancellationToken);
        return told;
    }
}
