using System.Diagnostics;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Functions;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>Spans around steps and activities, named as the Durable Task Framework names its own.</summary>
internal static class DurableTracing
{
    public const string SourceName = "BuildingMgmt.Durable";

    private static readonly ActivitySource Source = new(SourceName);

    public static Activity? Step(string name, string? version, string instanceId, string? parent) =>
        Start("orchestration", ActivityKind.Server, name, version, instanceId, parent);

    public static Activity? Run(ActivityWork work) =>
        Start("activity", ActivityKind.Server, work.Name, work.Version, work.InstanceId, work.TraceParent)
            ?.SetTag("durabletask.task.task_id", work.TaskId);

    private static Activity? Start(string type, ActivityKind kind, string name, string? version, string instanceId, string? parent)
    {
        if (!Source.HasListeners())
            return null;
        var (traceParent, traceState) = TraceText.Read(parent);
        ActivityContext.TryParse(traceParent, traceState, isRemote: true, out var context);
        var full = string.IsNullOrEmpty(version) ? $"{type}:{name}" : $"{type}:{name}@({version})";
        return Source.StartActivity(full, kind, context)
            ?.SetTag("durabletask.type", type)
            .SetTag("durabletask.task.name", name)
            .SetTag("durabletask.task.version", version)
            .SetTag("durabletask.task.instance_id", instanceId);
    }
}
