namespace Microsoft.DurableTask;

/// <summary>What an orchestrator knows and can do.</summary>
public abstract class TaskOrchestrationContext
{
}
