using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Workers;

/// <summary>An orchestration that uses one event in each of its executions, while many wait.</summary>
public sealed class ShortExecutionsTests : IDisposable
{
    private const int Events = 200;

    private readonly WorkerHarness _hub = new();
    private readonly List<string> _used = [];
    private int _rowsWritten;

    public ShortExecutionsTests()
    {
        _hub.Orchestrators["OneEach"] = async context =>
        {
            var before = context.GetInput<int>();
            if (before == 0)
                await context.WaitForExternalEvent<string>("begin");
            else
                _used.Add(await context.WaitForExternalEvent<string>("go"));
            if (before < Events)
                context.ContinueAsNew(before + 1);
            return null;
        };
        _hub.Network.FailsWith = call =>
        {
            foreach (var step in call.About as IReadOnlyList<StepCommit> ?? [])
                _rowsWritten += step.Consumed.Count + (step.Restart?.Count ?? 0);
            return null;
        };
    }

    [Fact]
    public void Events_that_wait_for_later_executions_are_not_written_anew_by_each_and_keep_their_order()
    {
        _hub.Create("a", "OneEach", "1");
        Send(0, Events);
        _hub.Start();
        _hub.RunUntilEnded("a");

        Assert.Equal(Enumerable.Range(0, Events).Select(i => $"{i}"), _used);

        // The start and the event of each execution, and the start of the next.
        Assert.Equal(3 * Events - 1, _rowsWritten);
    }

    [Fact]
    public void Events_of_earlier_steps_go_on_before_those_that_came_with_the_last()
    {
        _hub.Create("a", "OneEach", "0");
        _hub.Start();
        Send(0, Events / 2);
        _hub.RunFor(TimeSpan.FromSeconds(5));
        _hub.Send("a", new EventRaised("begin", "\"\"", Guid.NewGuid()));
        Send(Events / 2, Events);
        _hub.RunUntilEnded("a");

        Assert.Equal(Enumerable.Range(0, Events).Select(i => $"{i}"), _used);
    }

    public void Dispose() => _hub.Dispose();

    private void Send(int from, int to)
    {
        for (var i = from; i < to; i++)
            _hub.Send("a", new EventRaised("go", $"\"{i}\"", Guid.NewGuid()));
    }
}
