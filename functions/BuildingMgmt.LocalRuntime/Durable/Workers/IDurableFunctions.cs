using BuildingMgmt.LocalRuntime.Durable.Store;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>An orchestrator as the engine runs it: with the app's middleware around it, giving the output that its function returned.</summary>
internal delegate Task<object?> OrchestratorCode(TaskOrchestrationContext context);

/// <summary>The app's orchestrators and activities. The app's own are functions; a simulation brings its own.</summary>
internal interface IDurableFunctions
{
    /// <summary>Null when the app has none of that name.</summary>
    OrchestratorCode? Orchestrator(string name);

    /// <summary>Runs an activity and gives its output as JSON. Throws what the activity throws; a name that the app does not have is an exception, too.</summary>
    Task<string?> RunActivityAsync(ActivityWork work, CancellationToken cancellationToken);
}
