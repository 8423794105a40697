using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Durable.Execution;

/// <summary>Failures that are no exception of the app's. The names are those that the real worker gives.</summary>
internal static class FailureTypes
{
    public const string OrchestratorNotFound = "OrchestratorTaskNotFound";
    public const string ActivityNotFound = "ActivityTaskNotFound";
    public const string NonDeterministic = "DurableTask.Core.Exceptions.NonDeterministicOrchestrationException";

    public static TaskFailureDetails Of(ActivityNotFoundException exception) => new(ActivityNotFound, exception.Message, null, null, null);

    /// <summary>Whether another attempt can only fail in the same way.</summary>
    public static bool IsFinal(TaskFailureDetails failure) => failure.ErrorType is OrchestratorNotFound or ActivityNotFound;
}

/// <summary>The app has no activity of that name.</summary>
internal sealed class ActivityNotFoundException(string message) : Exception(message);
