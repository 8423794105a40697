using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Running;

namespace BuildingMgmt.LocalStack.Tests;

public sealed class SupervisorTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Failure_beside_a_restart_ends_the_stack_with_its_reason_and_leaves_nothing_running()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var supervisor = new Supervisor(restarts: true, () => throw new IOException("No space left on device"), _ => { });
        var worker = await supervisor.StartAsync(Sleeping("worker", StopTurn.Workers), cancellationToken);
        var store = await supervisor.StartAsync(Sleeping("store", StopTurn.Stores), cancellationToken);

        await worker.Process.KillAsync();
        var reason = await supervisor.Failed.WaitAsync(Deadline, cancellationToken);
        await supervisor.DisposeAsync();

        Assert.Contains("\"worker\"", reason.Message, StringComparison.Ordinal);
        Assert.Contains("No space left on device", reason.Message, StringComparison.Ordinal);
        Assert.True(worker.Process.Exited.IsCompleted);
        Assert.True(store.Process.Exited.IsCompleted);
    }

    [Fact]
    public async Task Service_that_fails_on_its_way_down_is_told_of_with_what_it_said()
    {
        var said = new List<string>();
        var supervisor = new Supervisor(restarts: false, () => { }, said.Add);
        await supervisor.StartAsync(
            Shell("failing", "trap 'echo cannot close the books; exit 3' TERM; echo ready; while :; do sleep 0.05; done"), TestContext.Current.CancellationToken);
        await supervisor.StartAsync(Shell("willing", "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done"), TestContext.Current.CancellationToken);
        await supervisor.StartAsync(Sleeping("plain", StopTurn.Stores), TestContext.Current.CancellationToken);

        await supervisor.DisposeAsync();

        var line = Assert.Single(said);
        Assert.Contains("\"failing\" ended with exit code 3", line, StringComparison.Ordinal);
        Assert.Contains("cannot close the books", line, StringComparison.Ordinal);
    }

    private static SupervisedService Shell(string name, string script) => new(name, StopTurn.Workers, async cancellationToken =>
    {
        var process = ServiceProcess.Start(new() { Name = name, FileName = "sh", Arguments = ["-c", script] });
        await process.WaitForLineAsync("ready", Deadline, cancellationToken);
        return process;
    });

    private static SupervisedService Sleeping(string name, StopTurn turn) => new(name, turn, _ =>
        Task.FromResult(ServiceProcess.Start(new() { Name = name, FileName = "sleep", Arguments = ["600"] })));
}
