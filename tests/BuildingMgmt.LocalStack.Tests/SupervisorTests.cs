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

    private static SupervisedService Sleeping(string name, StopTurn turn) => new(name, turn, _ =>
        Task.FromResult(ServiceProcess.Start(new() { Name = name, FileName = "sleep", Arguments = ["600"] })));
}
