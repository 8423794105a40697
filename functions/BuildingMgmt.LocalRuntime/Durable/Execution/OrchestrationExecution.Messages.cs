using BuildingMgmt.LocalRuntime.Durable.Workers;

namespace BuildingMgmt.LocalRuntime.Durable.Execution;

/// <content>What messages do to the code.</content>
internal sealed partial class OrchestrationExecution
{
    /// <returns>False when it changes nothing: then no history needs it.</returns>
    private bool Accept(ReceivedEvent message)
    {
        switch (message)
        {
            // One that is for this execution was found before anything else.
            case ExecutionTerminated:
                return false;
            case CodeLeft:
                Break(StepThread.IllegalAwait());
                return true;
            case ExecutionSuspended when suspended:
            case ExecutionResumed when !suspended:
            case ExecutionStarted when context.Start is not null:
            case EventRaised raised when !seen.Add(raised.MessageId):
                return false;
            case ExecutionSuspended or ExecutionResumed:
                suspended = message is ExecutionSuspended;
                break;
            case ExecutionStarted started:
                context.Start = started;
                break;
            case var _ when suspended || code is null:
                held.Enqueue(message);
                return true;
            default:
                return Apply(message);
        }

        if (suspended || context.Start is null)
            return true;
        if (code is null)
            Begin(context.Start);
        while (broken is null && held.TryDequeue(out var kept))
            Apply(kept);
        return true;
    }

    private void Begin(ExecutionStarted start)
    {
        if (find(start.Name) is not { } orchestrator)
        {
            log.OrchestratorUnknown(instanceId, start.Name);
            broken = new(FailureTypes.OrchestratorNotFound, $"The app has no orchestrator \"{start.Name}\".", null, null, null);
            return;
        }

        code = RunAsync(orchestrator);
        thread.Drain();
    }

    // What the code throws before its first await belongs to its task, too.
    private async Task<object?> RunAsync(OrchestratorCode orchestrator) => await orchestrator(context);

    private bool Apply(ReceivedEvent message)
    {
        var applied = message switch
        {
            TaskCompleted done => context.Answer(done.Id, OpenTaskKind.Activity, done.Output),
            TaskFailed failed => context.Fail(failed.Id, OpenTaskKind.Activity, failed.Failure),
            ChildCompleted done => context.Answer(done.Id, OpenTaskKind.Child, done.Output),
            ChildFailed failed => context.Fail(failed.Id, OpenTaskKind.Child, failed.Failure),
            TimerFired fired => context.Answer(fired.Id, OpenTaskKind.Timer, null),
            EventRaised raised => Raise(raised),
            _ => throw new ArgumentOutOfRangeException(nameof(message), message, "An unknown kind of message."),
        };
        thread.Drain();
        return applied;
    }

    private bool Raise(EventRaised raised)
    {
        if (context.Next is { } next)
            next.Late.Add(raised);
        else
            context.Events.Raise(raised);
        return true;
    }
}
