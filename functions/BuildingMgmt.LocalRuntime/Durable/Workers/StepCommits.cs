using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>What an execution did, as the one transaction that makes it so.</summary>
internal static class StepCommits
{
    // Numbers of OrchestrationRuntimeStatus.
    public const int Running = 0;
    public const int Pending = 6;
    public const int Suspended = 7;

    /// <param name="name">Of the orchestration; null before its first event came.</param>
    /// <param name="traceParent">Context of the step's span, for what it starts.</param>
    public static StepCommit Of(
        TakenInstance taken, string? name, ParentTask? parent, StepOutcome outcome, string? traceParent, bool keep)
    {
        var activities = new List<NewActivity>();
        var messages = new List<NewMessage>();
        var children = new List<NewInstance>();
        var cancelled = outcome.CancelledTimers.ToDictionary(timer => timer.Id);
        foreach (var action in outcome.Actions)
        {
            switch (action)
            {
                // Nobody hears of them any more, and a step that cannot be made for their sake would not even end.
                case TaskScheduled or TimerCreated when outcome.End is not null:
                case TimerCreated begun when cancelled.Remove(begun.Id):
                    break;
                case TaskScheduled task:
                    activities.Add(new(task.Id, task.Name, task.Version, task.Input, traceParent, task.Tags));
                    break;
                case TimerCreated timer:
                    messages.Add(new(taken.InstanceId, taken.Execution, new TimerFired(timer.Id), timer.FireAt));
                    break;
                case ChildCreated child:
                    children.Add(new(
                        child.InstanceId, new(child.Name, child.Version, child.Input, Task(taken, name!, child.Id), traceParent, child.Tags)));
                    break;
                case EventSent sent:
                    var id = EventId(taken, sent.Id);
                    messages.Add(new(sent.InstanceId, null, new EventRaised(sent.Name, sent.Payload, id), Id: id));
                    break;
                default:
                    throw new InvalidOperationException($"There is no way to do what a {action.GetType().Name} says.");
            }
        }

        if (outcome.End is { Status: not EndStatus.ContinuedAsNew } end)
        {
            if (parent is not null)
                messages.Add(Result(taken.InstanceId, parent, end));
            foreach (var child in outcome.OpenChildren)
                messages.Add(new(child.InstanceId, null, new ExecutionTerminated(end.Output, Recursive: true, Task(taken, name!, child.TaskId))));
        }

        // What came in this very step and goes on stays where it is: to write it anew each time would make many short executions slow.
        var came = taken.Messages.Select(message => message.Event).ToHashSet<HistoryEvent>(ReferenceEqualityComparer.Instance);
        var goesOn = (outcome.Next?.Events ?? []).ToHashSet<HistoryEvent>(ReferenceEqualityComparer.Instance);
        return new()
        {
            InstanceId = taken.InstanceId,
            Step = taken.Step,
            Execution = taken.Execution,
            Consumed = [.. taken.Messages.Where(message => !goesOn.Contains(message.Event)).Select(message => message.Sequence)],
            Appended = outcome.Appended,
            State = StateOf(name, outcome),
            Activities = activities,
            CancelledTimers = outcome.End is null ? [.. cancelled.Values] : [],
            Messages = messages,
            Children = children,
            Restart = outcome.Next is { } next ? [next.Start, .. next.Events.Where(happened => !came.Contains(happened))] : null,
            Keep = keep,
        };
    }

    /// <summary>Ends an execution that the engine itself cannot go on with.</summary>
    public static StepCommit Failed(TakenInstance taken, ParentTask? parent, TaskFailureDetails failure)
    {
        var end = new ExecutionCompleted(EndStatus.Failed, null, failure);
        return new()
        {
            InstanceId = taken.InstanceId,
            Step = taken.Step,
            Execution = taken.Execution,
            Consumed = [.. taken.Messages.Select(message => message.Sequence)],
            Appended = [end],
            State = new((int)EndStatus.Failed, null, null, failure),
            Messages = parent is null ? [] : [Result(taken.InstanceId, parent, end)],
            Keep = false,
        };
    }

    private static StepState StateOf(string? name, StepOutcome outcome) =>
        StatusOf(name, outcome) with { ClearsCustomStatus = outcome.ClearsCustomStatus };

    private static StepState StatusOf(string? name, StepOutcome outcome) => outcome switch
    {
        { Next: { } next } => new(Running, outcome.CustomStatus, null, null, next.Start.Version, next.Start.Input),
        { End: { } end } => new((int)end.Status, outcome.CustomStatus, end.Output, end.Failure),
        { Suspended: true } => new(Suspended, outcome.CustomStatus, null, null),
        _ => new(name is null ? Pending : Running, outcome.CustomStatus, null, null),
    };

    private static NewMessage Result(string instanceId, ParentTask parent, ExecutionCompleted end)
    {
        ReceivedEvent result = end.Status == EndStatus.Completed
            ? new ChildCompleted(parent.TaskId, end.Output)
            : new ChildFailed(parent.TaskId, end.Failure ?? Terminated(instanceId, end.Output));
        return new(parent.InstanceId, parent.Execution, result, Key: parent.Key);
    }

    private static ParentTask Task(TakenInstance taken, string name, int id) => new(taken.InstanceId, name, taken.Execution, id, taken.Key);

    private static TaskFailureDetails Terminated(string instanceId, string? output) =>
        new(typeof(OperationCanceledException).FullName!, $"Orchestration \"{instanceId}\" was terminated: {output ?? "no reason given"}", null, null, null);

    // One step commits once, so this names one event for ever. The time keeps it apart from that of an instance which bears the same id later.
    private static Guid EventId(TakenInstance taken, int action)
    {
        var name = Encoding.UTF8.GetBytes(taken.InstanceId);
        var hashed = new byte[20 + name.Length];
        BinaryPrimitives.WriteInt64LittleEndian(hashed, taken.At.UtcTicks);
        BinaryPrimitives.WriteInt32LittleEndian(hashed.AsSpan(8), taken.Execution);
        BinaryPrimitives.WriteInt32LittleEndian(hashed.AsSpan(12), action);
        BinaryPrimitives.WriteInt32LittleEndian(hashed.AsSpan(16), unchecked((int)taken.Step));
        name.CopyTo(hashed.AsSpan(20));
        return new(SHA256.HashData(hashed).AsSpan(0, 16));
    }
}
