using Microsoft.DurableTask.Client;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Numbers of <see cref="OrchestrationRuntimeStatus"/>, which are written to databases.</summary>
internal static class Statuses
{
    public const int Running = (int)OrchestrationRuntimeStatus.Running;
    public const int Completed = (int)OrchestrationRuntimeStatus.Completed;
    public const int Failed = (int)OrchestrationRuntimeStatus.Failed;
    public const int Terminated = (int)OrchestrationRuntimeStatus.Terminated;
    public const int Pending = (int)OrchestrationRuntimeStatus.Pending;
    public const int Suspended = (int)OrchestrationRuntimeStatus.Suspended;

    /// <summary><see cref="Ends"/>, as the statements have it.</summary>
    public const string EndsSql = "(1, 3, 5)";

    /// <summary>Those in which an instance has ended.</summary>
    public static IReadOnlyList<int> Ends { get; } = [Completed, Failed, Terminated];

    public static bool IsEnd(int status) => status is Completed or Failed or Terminated;
}
