using System.Text.Json;
using BuildingMgmt.LocalRuntime.Durable.Execution;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Execution;

/// <summary>
/// Runs a program and its sub-orchestrations to the end without a store: what they do is answered at random times, in an order that the seed
/// decides; events that they will wait for are raised at random times, too.
/// </summary>
internal sealed class SmallWorld(RandomProgram program, int seed, bool keep, bool doubles)
{
    private const string Root = "root";

    private readonly Random order = new(seed);

    // Decides nothing but doubles, so that a run with them has the same order as the one without.
    private readonly Random doubling = new(seed);
    private readonly Dictionary<string, Instance> instances = [];
    private readonly Dictionary<string, int> failures = [];
    private readonly List<Message> pending = [];
    private int events;
    private DateTimeOffset now = new(2026, 3, 1, 10, 0, 0, TimeSpan.Zero);

    /// <summary>All that was ever appended, instance by instance.</summary>
    public IEnumerable<string> Histories =>
        instances.Values.OrderBy(instance => instance.Id, StringComparer.Ordinal).Select(instance => $"{instance.Id}: {Stepped.Text(instance.Past)}");

    public string Run()
    {
        Create(Root, Stepped.Started(program));
        while (pending.Count > 0)
        {
            var at = order.Next(pending.Count);
            var batch = new List<Message> { pending[at] };
            pending.RemoveAt(at);
            // A few more for the same instance, as they would wait for it together.
            for (var more = order.Next(3); more > 0 && pending.FindIndex(message => message.To == batch[0].To) is >= 0 and var next; more--)
            {
                batch.Add(pending[next]);
                pending.RemoveAt(next);
            }

            Deliver(instances[batch[0].To], batch);
        }

        var end = instances[Root].End;
        Assert.NotNull(end);
        Assert.True(end.Status == EndStatus.Completed, $"{end.Status}: {end.Failure}");
        return end.Output!;
    }

    private void Create(string id, ExecutionStarted start)
    {
        var instance = new Instance(id);
        instances.Add(id, instance);
        // An event may come before the orchestration has started.
        pending.Add(new(id, 0, start));
        var its = JsonDataConverter.Default.Deserialize<RandomProgram>(start.Input)!;
        foreach (var name in its.Rounds.SelectMany(EventsOf))
            pending.Add(new(id, null, new EventRaised(name, JsonSerializer.Serialize($"payload of {name}"), new Guid(++events, 0, 0, new byte[8]))));
    }

    private static IEnumerable<string> EventsOf(Node node) => node switch
    {
        WaitForEvent wait => [wait.Name],
        Sequence some => some.Nodes.SelectMany(EventsOf),
        All some => some.Nodes.SelectMany(EventsOf),
        Any some => some.Nodes.SelectMany(EventsOf),
        _ => [],
    };

    private void Deliver(Instance instance, List<Message> batch)
    {
        if (instance.End is not null)
            return;
        var received = new List<ReceivedEvent>();
        foreach (var message in batch.Where(message => message.Execution is null || message.Execution == instance.Number))
        {
            received.Add(message.Event);
            instance.Delivered.Add(message.Event);
            while (doubles && doubling.Next(2) == 0)
                received.Add(instance.Delivered[doubling.Next(instance.Delivered.Count)]);
        }

        Step(instance, received);
        while (doubles && instance.End is null && instance.Delivered.Count > 0 && doubling.Next(3) == 0)
            Assert.Empty(Execution(instance).Step(now, [instance.Delivered[doubling.Next(instance.Delivered.Count)]]).Appended);
    }

    private void Step(Instance instance, List<ReceivedEvent> received)
    {
        now += TimeSpan.FromSeconds(order.Next(1, 20));
        var outcome = Execution(instance).Step(now, received);
        instance.History.AddRange(outcome.Appended);
        instance.Past.AddRange(outcome.Appended);
        foreach (var action in outcome.Actions)
            Answer(instance, action);
        if (outcome.Next is { } next)
        {
            instance.BeginNext();
            // Before the step: should it begin the next one, that one has not seen them.
            instance.Delivered.AddRange(next.Events);
            // As the store does: the start comes first, with all that goes on.
            Step(instance, [next.Start, .. next.Events]);
        }
        else if (outcome.End is { } end)
        {
            instance.End = end;
            if (Execution(instance).Parent is { } parent)
                pending.Add(new(parent.InstanceId, parent.Execution, new ChildCompleted(parent.TaskId, end.Output)));
        }
    }

    private OrchestrationExecution Execution(Instance instance)
    {
        if (instance.Kept is null || !keep)
        {
            instance.Kept = new(
                instance.Id, instance.Number, _ => RandomProgram.RunAsync, JsonDataConverter.Default, NullLoggerFactory.Instance);
            instance.Kept.Replay(JsonSerializer.Deserialize<List<HistoryEvent>>(JsonSerializer.Serialize(instance.History))!);
        }

        return instance.Kept;
    }

    private void Answer(Instance instance, ActionEvent action)
    {
        switch (action)
        {
            case TaskScheduled task:
                pending.Add(new(instance.Id, instance.Number, Work(instance, task)));
                break;
            case TimerCreated timer:
                pending.Add(new(instance.Id, instance.Number, new TimerFired(timer.Id)));
                break;
            case ChildCreated child:
                Create(child.InstanceId, new(child.Name, child.Version, child.Input, new(instance.Id, Stepped.Name, instance.Number, child.Id), null));
                break;
        }
    }

    private ReceivedEvent Work(Instance instance, TaskScheduled task)
    {
        var call = JsonDataConverter.Default.Deserialize<CallActivity>(task.Input)!;
        var key = $"{instance.Id} {call.Name}";
        var failed = failures.GetValueOrDefault(key);
        if (failed == call.Failures)
            return new TaskCompleted(task.Id, JsonSerializer.Serialize($"work {call.Name}"));
        failures[key] = failed + 1;
        return new TaskFailed(task.Id, Stepped.Failure($"failure {failed + 1} of {call.Name}"));
    }

    private sealed record Message(string To, int? Execution, ReceivedEvent Event);

    private sealed class Instance(string id)
    {
        public string Id => id;

        public int Number { get; private set; }

        public List<HistoryEvent> History { get; } = [];

        public List<HistoryEvent> Past { get; } = [];

        /// <summary>What the current execution has been given: what may come a second time.</summary>
        public List<ReceivedEvent> Delivered { get; } = [];

        public OrchestrationExecution? Kept { get; set; }

        public ExecutionCompleted? End { get; set; }

        public void BeginNext()
        {
            Number++;
            History.Clear();
            Delivered.Clear();
            Kept = null;
        }
    }
}
