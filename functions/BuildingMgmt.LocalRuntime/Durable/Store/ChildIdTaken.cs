using BuildingMgmt.LocalRuntime.Durable.Execution;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>What a parent is told when its sub-orchestration's id belongs to an instance that has not ended.</summary>
internal static class ChildIdTaken
{
    /// <summary>Null when the child answers no task of its parent.</summary>
    public static ChildFailed? Failure(NewInstance child) => child.Start.Parent is not { } task ? null : new(
        task.TaskId,
        new TaskFailureDetails(
            typeof(InvalidOperationException).FullName!,
            $"Sub-orchestration \"{child.Start.Name}\" was not started: instance id \"{child.InstanceId}\" belongs to one that has not ended. "
            + "Give it another id, or none.",
            null, null, null));
}
