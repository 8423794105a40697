namespace Microsoft.DurableTask.Client;

/// <summary>How to terminate.</summary>
/// <param name="Output">What stands as the orchestration's output.</param>
/// <param name="Recursive">With the sub-orchestrations that have not ended.</param>
public record TerminateInstanceOptions(object? Output = null, bool Recursive = false);
