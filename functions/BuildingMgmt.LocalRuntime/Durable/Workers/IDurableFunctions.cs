using BuildingMgmt.LocalRuntime.Durable.Store;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>An orchestrator as the engine runs it, giving the output that its function returned.</summary>
internal delegate Task<object?> OrchestratorCode(TaskOrchestrationContext context);

/// <summary>The app's orchestrators and activities. The app's own are functions; a simulation brings its own.</summary>
internal interface IDurableFunctions
{
    /// <summary>Null when the app has none of that name.</summary>
    OrchestratorCode? Orchestrator(string name);

    /// <summary>Whether its code may stay in memory between steps: not when it holds what lives only as long as one.</summary>
    bool MayRest(string orchestrator) => true;

    /// <summary>
    /// Runs a step of an orchestration with what the app has around it: its middleware, which is outside the replay and so may await. The
    /// exceptions of orchestrators do not pass here, those of middleware do.
    /// </summary>
    /// <param name="step">Runs all of the step, on the calling thread.</param>
    Task AroundStepAsync(StepPlace place, Action step, CancellationToken cancellationToken)
    {
        step();
        return Task.CompletedTask;
    }

    /// <summary>Runs an activity and gives its output as JSON. Throws what the activity throws; a name that the app does not have is an exception, too.</summary>
    Task<string?> RunActivityAsync(ActivityWork work, CancellationToken cancellationToken);
}

/// <summary>Whose step it is.</summary>
/// <param name="TraceParent">Of the orchestration, as <see cref="BuildingMgmt.LocalRuntime.Functions.TraceText"/> writes it.</param>
internal sealed record StepPlace(string Orchestrator, string InstanceId, string? TraceParent);
