using BuildingMgmt.LocalRuntime.Durable.Workers;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Execution;

/// <summary>
/// One execution of an orchestration: its code, suspended at what it waits for, and what brought it there. It may be kept between steps, or
/// made anew and given the history: the next step has the same outcome. Not for two threads at a time.
/// </summary>
internal sealed partial class OrchestrationExecution
{
    private readonly string instanceId;
    private readonly Func<string, OrchestratorCode?> find;
    private readonly ILogger log;
    private readonly StepThread thread;
    private readonly Payloads payloads;
    private readonly OrchestratorContext context;
    private readonly Queue<ReceivedEvent> held = new();
    private readonly HashSet<Guid> seen = [];
    private Task<object?>? code;
    private DateTimeOffset time = DateTimeOffset.MinValue;
    private bool suspended;
    private bool ended;
    private ExecutionTerminated? terminated;
    private TaskFailureDetails? broken;

    /// <param name="find">The code of an orchestrator by its name; null when the app has none.</param>
    /// <param name="onLeft">Called once when the code goes on outside of a step. The instance is to be sent a <see cref="CodeLeft"/>.</param>
    public OrchestrationExecution(
        string instanceId,
        int execution,
        Func<string, OrchestratorCode?> find,
        DataConverter converter,
        ILoggerFactory loggers,
        Action? onLeft = null)
    {
        this.instanceId = instanceId;
        this.find = find;
        log = loggers.CreateLogger<OrchestrationExecution>();
        thread = new(() =>
        {
            log.OrchestrationLeft(instanceId, Name);
            onLeft?.Invoke();
        });
        payloads = new(converter);
        context = new(instanceId, execution, thread, payloads, loggers);
    }

    public string? Name => context.Start?.Name;

    public string? TraceParent => context.Start?.TraceParent;

    public ParentTask? Parent => context.Start?.Parent;

    /// <summary>Events that the history has, each by its <see cref="PayloadSizes">weight</see>.</summary>
    public int Weight { get; private set; }

    /// <summary>Runs the code as far as it has come. Once, before the first step.</summary>
    public void Replay(IReadOnlyList<HistoryEvent> past)
    {
        Weight = past.Sum(happened => happened.Weight());
        context.Replaying = true;
        thread.Run(() => Guarded(() =>
        {
            foreach (var happened in past)
            {
                if (broken is not null)
                    return;
                Again(happened);
            }

            Compare(null);
        }));
        context.Replaying = false;
    }

    /// <summary>Lets the code go on by what it received.</summary>
    /// <param name="now">The time of the step, for the code. Never earlier than that of the last step, or than a timer that fires in it.</param>
    public StepOutcome Step(DateTimeOffset now, IReadOnlyList<ReceivedEvent> received)
    {
        if (ended)
            throw new InvalidOperationException($"Execution of orchestration {instanceId} has ended; it takes no more steps.");
        var start = StartOf(now, received);
        context.Time = start;
        context.ForgetCustomStatus();
        context.CancelledTimers.Clear();
        var accepted = new List<HistoryEvent> { new StepStarted(start) };
        var parent = (context.Start ?? received.OfType<ExecutionStarted>().FirstOrDefault())?.Parent;
        if (received.OfType<ExecutionTerminated>().FirstOrDefault(message => IsFor(message, parent)) is { } termination)
            accepted.AddRange(Terminate(termination, received));
        else if (broken is null)
            thread.Run(() => Guarded(() => accepted.AddRange(received.TakeWhile(_ => broken is null).Where(Accept))));

        return Outcome(accepted);
    }

    private static bool IsFor(ExecutionTerminated termination, ParentTask? parent) => termination.By is not { } task || task.IsSame(parent);

    // The code is not run any more: it may be the reason for the termination. Its parent is to be told, so the start counts.
    private List<HistoryEvent> Terminate(ExecutionTerminated termination, IReadOnlyList<ReceivedEvent> received)
    {
        terminated = termination;
        if (context.Start is not null || received.OfType<ExecutionStarted>().FirstOrDefault() is not { } started)
            return [termination];
        context.Start = started;
        return [started, termination];
    }

    private StepOutcome Outcome(List<HistoryEvent> appended)
    {
        var children = terminated is { Recursive: true }
            ? context.Tasks.Values.Where(task => task.Kind == OpenTaskKind.Child).Select(task => new OpenChild(task.InstanceId!, task.Id)).ToArray()
            : [];
        var end = End();
        ActionEvent[] actions = [.. context.Actions];
        context.Actions.Clear();
        appended.AddRange(actions);
        if (end is not null)
            appended.Add(end);
        // A step that nothing came of leaves no trace, not even its time.
        if (appended.Count == 1)
            appended.Clear();
        else
            time = context.Time;
        Weight += appended.Sum(happened => happened.Weight());
        ended = end is not null;
        return new()
        {
            Appended = appended,
            Actions = actions,
            CancelledTimers = [.. context.CancelledTimers.Select(timer => new TimerCreated(timer.Id, timer.FireAt!.Value))],
            CustomStatus = context.CustomStatus,
            ClearsCustomStatus = context.CustomStatusIsSet && context.CustomStatus is null,
            Suspended = suspended && end is null,
            End = end,
            Next = end is { Status: EndStatus.ContinuedAsNew } ? Next(context.Next!) : null,
            OpenChildren = children,
        };
    }

    private void Again(HistoryEvent happened)
    {
        switch (happened)
        {
            case StepStarted step:
                Compare(null);
                time = step.Time;
                context.Time = step.Time;
                break;
            case ActionEvent action:
                Compare(action);
                break;
            case ReceivedEvent message:
                Accept(message);
                break;
            case ExecutionCompleted:
                ended = true;
                break;
        }
    }

    /// <summary>Compares the next thing that the code did with what its history has there; null is the end of a step.</summary>
    private void Compare(ActionEvent? past)
    {
        context.Actions.TryDequeue(out var now);
        if (broken is not null || (past is null && now is null) || HistoryDifference.Between(past, now) is not { } difference)
            return;
        // What the code does from here on is nobody's.
        context.Actions.Clear();
        log.OrchestrationDiffers(instanceId, Name, difference);
        broken = new(FailureTypes.NonDeterministic, $"Orchestration \"{Name}\" did something else than before. {difference}", null, null, null);
    }

    private ExecutionCompleted? End()
    {
        if (terminated is not null)
            return new(EndStatus.Terminated, terminated.Output, null);
        if (broken is not null)
            return new(EndStatus.Failed, null, broken);
        if (thread.Left)
            return Failed(StepThread.IllegalAwait());
        if (suspended || code is null || context.Tasks.Count > 0)
            return null;
        if (!code.IsCompleted)
            return context.Events.HasWaiters ? null : Failed(StepThread.IllegalAwait());
        try
        {
            var output = code.GetAwaiter().GetResult();
            return context.Next is null
                ? new(EndStatus.Completed, payloads.Write(output, $"The output of orchestration \"{Name}\""), null)
                : new(EndStatus.ContinuedAsNew, null, null);
        }
        catch (Exception exception)
        {
            return Failed(exception);
        }
    }

    private ExecutionCompleted Failed(Exception exception)
    {
        log.OrchestrationFailed(exception, instanceId, Name);
        return new(EndStatus.Failed, null, TaskFailureDetails.FromException(exception));
    }

    private NextExecution Next(OrchestratorContext.Continuation next) =>
        new(next.Start, [.. next.KeepEvents ? context.Events.Kept : [], .. next.Late]);

    // Code that waits for a timer reads a time that is not before it, whatever the clocks of the store and of this process say.
    private DateTimeOffset StartOf(DateTimeOffset now, IReadOnlyList<ReceivedEvent> received)
    {
        var start = now > time ? now : time;
        foreach (var message in received)
        {
            if (message is TimerFired fired && context.Tasks.GetValueOrDefault(fired.Id)?.FireAt > start)
                start = context.Tasks[fired.Id].FireAt!.Value;
        }

        return start;
    }

    // An async void method of the app throws where its continuation runs, not into a task.
    private void Guarded(Action work)
    {
        try
        {
            work();
        }
        catch (Exception exception)
        {
            Break(exception);
        }
    }

    private void Break(Exception exception)
    {
        log.OrchestrationFailed(exception, instanceId, Name);
        broken ??= TaskFailureDetails.FromException(exception);
    }
}
