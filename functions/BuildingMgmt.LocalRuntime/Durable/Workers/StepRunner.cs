using System.Diagnostics;
using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Functions;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <param name="TraceParent">Context of the step, for what it starts.</param>
internal sealed record StepRun(OrchestrationExecution Code, StepOutcome Outcome, string? TraceParent);

/// <summary>Runs a step. Pure but for what is around it: nothing is written, so it may be thrown away and run again.</summary>
internal static class StepRunner
{
    /// <param name="kept">As far as the store; null makes the execution anew from <paramref name="past"/>.</param>
    /// <param name="stopping">Cancelled when the worker has ended: for what the app has around the step.</param>
    public static async Task<StepRun> RunAsync(
        WorkerParts parts, TakenInstance taken, OrchestrationExecution? kept, IReadOnlyList<HistoryEvent> past, CancellationToken stopping)
    {
        var received = Received(taken);
        var start = StartOf(past, received);
        var name = NameOf(kept, start);
        var trace = kept?.TraceParent ?? start?.TraceParent;
        using var span = DurableTracing.Step(name, start?.Version, taken.InstanceId, trace);
        StepRun? run = null;
        await parts.Functions.AroundStepAsync(
            new(name, taken.InstanceId, TraceText.Of(span) ?? trace),
            () => run = run is null
                ? Run(parts, taken, kept, past, received, TraceText.Of(span) ?? trace)
                : throw new InvalidOperationException($"Middleware around orchestrator \"{name}\" called what comes next a second time; a step is made once."),
            stopping);
        if (run is null)
            throw new InvalidOperationException($"Middleware around orchestrator \"{name}\" did not call what comes next.");
        if (run.Outcome.End?.Failure is { } failure)
            span?.SetStatus(ActivityStatusCode.Error, failure.ErrorMessage);
        return run;
    }

    private static StepRun Run(
        WorkerParts parts,
        TakenInstance taken,
        OrchestrationExecution? kept,
        IReadOnlyList<HistoryEvent> past,
        List<ReceivedEvent> received,
        string? trace)
    {
        var code = kept;
        if (code is null)
        {
            code = NewExecution(parts, taken, taken.Execution);
            code.Replay(past);
            if (past.Count > 0)
                parts.Meter.Replayed();
        }

        return new(code, code.Step(taken.At, received), trace);
    }

    public static OrchestrationExecution NewExecution(WorkerParts parts, TakenInstance taken, int execution)
    {
        // Made here, so that the messages which were taken are not kept with the execution. With the key, it is not for a later instance of that id.
        var left = new NewMessage(taken.InstanceId, execution, new CodeLeft(), Key: taken.Key);
        return new(
            taken.InstanceId, execution, parts.Functions.Orchestrator, parts.Converter, parts.Loggers, () => _ = LeftCode.TellAsync(parts, left));
    }

    /// <summary>Whom an execution answers, also when the engine cannot say it.</summary>
    public static ParentTask? ParentOf(TakenInstance taken, IReadOnlyList<HistoryEvent> past) => StartOf(past, Received(taken))?.Parent;

    /// <summary>Name of the orchestration, for those who look at it from outside.</summary>
    public static string NameOf(TakenInstance taken, OrchestrationExecution? kept, IReadOnlyList<HistoryEvent> past) =>
        NameOf(kept, StartOf(past, Received(taken)));

    private static string NameOf(OrchestrationExecution? kept, ExecutionStarted? start) => kept?.Name ?? start?.Name ?? "(not started)";

    private static ExecutionStarted? StartOf(IReadOnlyList<HistoryEvent> past, List<ReceivedEvent> received) =>
        past.Concat(received).OfType<ExecutionStarted>().FirstOrDefault();

    // What was meant for an execution that has ended since is used up without being seen.
    private static List<ReceivedEvent> Received(TakenInstance taken) =>
        [.. taken.Messages.Where(message => message.Execution is null || message.Execution == taken.Execution).Select(message => message.Event)];
}
