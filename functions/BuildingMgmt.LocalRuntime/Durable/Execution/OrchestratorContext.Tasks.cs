using System.Globalization;
using BuildingMgmt.LocalRuntime.Durable.Client;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Durable.Execution;

internal sealed partial class OrchestratorContext
{
    public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null)
    {
        thread.Check();
        TaskNames.Check(name.Name, "An activity's name", nameof(name));
        TaskNames.CheckVersion(options?.Version, nameof(options));
        return ActivityAsync<TResult>(name, input, options);
    }

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(
        TaskName orchestratorName, object? input = null, TaskOptions? options = null)
    {
        thread.Check();
        TaskNames.Check(orchestratorName.Name, "A sub-orchestrator's name", nameof(orchestratorName));
        TaskNames.CheckVersion(options?.Version, nameof(options));
        if (options is SubOrchestrationOptions { InstanceId: { } childId })
            InstanceIds.CheckInner(childId);
        return ChildAsync<TResult>(orchestratorName, input, options);
    }

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        thread.Check();
        var timer = new OpenTask(OpenTaskKind.Timer, ids++, "timer") { FireAt = fireAt.ToUniversalTime() };
        Actions.Enqueue(new TimerCreated(timer.Id, timer.FireAt.Value));
        if (cancellationToken.IsCancellationRequested)
        {
            CancelledTimers.Add(timer);
            return Task.FromCanceled(cancellationToken);
        }

        Tasks.Add(timer.Id, timer);
        return cancellationToken.CanBeCanceled ? CancellableAsync(timer, cancellationToken) : timer.Source.Task;
    }

    /// <summary>Gives an open task its result, and so lets the code go on. False when nothing waits for it.</summary>
    public bool Answer(int id, OpenTaskKind kind, string? output)
    {
        if (!Close(id, kind, out var task))
            return false;
        task.Source.SetResult(output);
        return true;
    }

    /// <summary>Fails an open task. False when nothing waits for it.</summary>
    public bool Fail(int id, OpenTaskKind kind, TaskFailureDetails failure)
    {
        if (!Close(id, kind, out var task))
            return false;
        task.Source.SetException(new TaskFailedException(task.Name, id, failure));
        return true;
    }

    private async Task<T> ActivityAsync<T>(TaskName name, object? input, TaskOptions? options)
    {
        if (input is TaskOptions && options is null)
            throw new ArgumentException($"Options were given as the input of activity \"{name}\". Give null before them, or name the parameter.", nameof(input));
        var text = payloads.Write(input, $"The input of activity \"{name}\"");
        var version = options?.Version is { } asked ? asked.Version : Version;
        var tags = TagsOf(options);
        var output = await retries.RunAsync(name, options?.Retry, () =>
        {
            thread.Check();
            var task = new OpenTask(OpenTaskKind.Activity, ids++, name);
            return Begin(task, new TaskScheduled(task.Id, name, version.Length == 0 ? null : version, text, tags));
        });
        return payloads.Read<T>(output, $"The output of activity \"{name}\"")!;
    }

    private async Task<T> ChildAsync<T>(TaskName name, object? input, TaskOptions? options)
    {
        var text = payloads.Write(input, $"The input of sub-orchestration \"{name}\"");
        var version = options?.Version is { Version.Length: > 0 } asked ? asked.Version : null;
        var given = (options as SubOrchestrationOptions)?.InstanceId;
        var tags = TagsOf(options);
        var output = await retries.RunAsync(name, options?.Retry, () =>
        {
            thread.Check();
            var id = ids++;
            // With the time, a later instance of this one's id does not meet the sub-orchestrations of an earlier one.
            var childId = given ?? NamedGuid.Of(string.Create(
                CultureInfo.InvariantCulture, $"{instanceId}_{execution}_{id}_{CurrentUtcDateTime:o}")).ToString("N");
            return Begin(
                new(OpenTaskKind.Child, id, name) { InstanceId = childId }, new ChildCreated(id, childId, name, version, text, tags));
        });
        return payloads.Read<T>(output, $"The output of sub-orchestration \"{name}\"")!;
    }

    private async Task CancellableAsync(OpenTask timer, CancellationToken cancellationToken)
    {
        using var registration = cancellationToken.Register(() =>
        {
            // A token that another thread cancels is no task of the context.
            if (!thread.IsHere)
            {
                thread.NoteLeft();
            }
            else if (Tasks.Remove(timer.Id))
            {
                CancelledTimers.Add(timer);
                timer.Source.SetCanceled(cancellationToken);
            }
        });
        await timer.Source.Task;
    }

    private Task<string?> Begin(OpenTask task, ActionEvent action)
    {
        Actions.Enqueue(action);
        Tasks.Add(task.Id, task);
        return task.Source.Task;
    }

    private bool Close(int id, OpenTaskKind kind, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out OpenTask? task) =>
        Tasks.TryGetValue(id, out task) && task.Kind == kind && Tasks.Remove(id);

    private static Dictionary<string, string>? TagsOf(TaskOptions? options) =>
        options?.Tags is { Count: > 0 } tags ? new Dictionary<string, string>(tags) : null;
}
