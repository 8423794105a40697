using BuildingMgmt.LocalRuntime.Durable.Execution;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>What a parent is told when its sub-orchestration's id belongs to an instance that has not ended.</summary>
internal static class ChildIdTaken
{
    public static ChildFailed Failure(NewInstance child) => new(
        child.Start.Parent!.TaskId,
        new TaskFailureDetails(
            typeof(InvalidOperationException).FullName!,
            $"Sub-orchestration \"{child.Start.Name}\" was not started: instance id \"{child.InstanceId}\" belongs to one that has not ended. "
            + "Give it another id, or none.",
            null, null, null));
}
