using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using Microsoft.DurableTask;

namespace BuildingMgmt.Testing.Durable;

internal sealed partial class MemoryDurableStore
{
    public Task<IReadOnlyList<StepReceipt>> CommitStepsAsync(
        long worker, IReadOnlyList<StepCommit> steps, int activitiesMax, CancellationToken cancellationToken) =>
        cancellationToken.Answer<IReadOnlyList<StepReceipt>>(() =>
        {
            var accepted = steps.Select(step => Apply(worker, step)).ToArray();
            var receipts = new List<StepReceipt>();
            for (var i = 0; i < steps.Count; i++)
            {
                var given = accepted[i] ? GiveActivities(worker, steps[i], activitiesMax) : [];
                activitiesMax -= given.Count;
                receipts.Add(new(accepted[i], given, accepted[i] && IsMoreDue(worker, steps[i])));
            }

            WakeAll(worker);
            return receipts;
        });

    public Task<IReadOnlyList<ResultReceipt>> CommitResultsAsync(
        long worker, IReadOnlyList<ActivityResult> results, CancellationToken cancellationToken) =>
        cancellationToken.Answer<IReadOnlyList<ResultReceipt>>(() => [.. results.Select(result => Apply(worker, result))]);

    private bool Apply(long worker, StepCommit step)
    {
        if (!_instances.TryGetValue(step.InstanceId, out var instance)
            || instance.Owner is not { } owner || owner.Id != worker || instance.Step != step.Step)
        {
            return false;
        }

        instance.Step++;
        instance.History.AddRange(step.Appended);
        foreach (var sequence in step.Consumed)
        {
            if (instance.Messages.TryGetValue(sequence, out var message))
                _queues.Remove(message);
        }

        foreach (var timer in step.CancelledTimers)
            Cancel(instance, timer);
        foreach (var activity in step.Activities)
            _queues.Add(instance, activity);
        foreach (var child in step.Children)
            StartChild(instance, child);
        foreach (var message in step.Messages)
            Send(message);
        SetState(instance, step);
        if (!step.Keep || instance.HasEnded)
            instance.Owner = null;
        return true;
    }

    private void Cancel(MemoryInstance instance, TimerCreated timer)
    {
        var waiting = instance.Messages.Values.FirstOrDefault(
            message => message.Execution == instance.Execution && message.DueAt == timer.FireAt && message.Event is TimerFired fired && fired.Id == timer.Id);
        if (waiting is not null)
            _queues.Remove(waiting);
    }

    private void StartChild(MemoryInstance parent, NewInstance child)
    {
        if (_instances.TryGetValue(child.InstanceId, out var taken) && !taken.HasEnded)
        {
            var failure = new TaskFailureDetails(
                typeof(InvalidOperationException).FullName!,
                $"Sub-orchestration \"{child.InstanceId}\" cannot be started: an instance of that id has not ended.", null, null, null);
            if (child.Start.Parent is { } task)
                _queues.Add(parent, task.Execution, new ChildFailed(task.TaskId, failure));
            return;
        }

        Start(child, null);
    }

    private void SetState(MemoryInstance instance, StepCommit step)
    {
        var state = step.State;
        instance.Status = state.Status;
        instance.CustomStatus = state.ClearsCustomStatus ? null : state.CustomStatus ?? instance.CustomStatus;
        instance.Output = state.Output;
        instance.Failure = state.Failure;
        instance.UpdatedAt = _queues.Now;
        if (instance.HasEnded)
        {
            instance.EndedAt = _queues.Now;
            _queues.Clear(instance);
        }
        else if (step.Restart is { } opening)
        {
            instance.Version = state.Version ?? instance.Version;
            instance.Input = state.Input;
            instance.History.Clear();
            _queues.Restart(instance, instance.Execution++, opening);
        }
    }

    private List<ActivityWork> GiveActivities(long worker, StepCommit step, int activitiesMax)
    {
        if (Living(worker) is not { } living)
            return [];
        var tasks = step.Activities.Select(activity => activity.TaskId).ToHashSet();
        var given = _instances[step.InstanceId].Activities.Values
            .Where(activity => activity.Work.Execution == step.Execution && tasks.Contains(activity.Work.TaskId))
            .Take(activitiesMax).ToArray();
        foreach (var activity in given)
            _queues.Give(activity, living);
        return [.. given.Select(activity => activity.Work)];
    }

    private bool IsMoreDue(long worker, StepCommit step) =>
        HasDue(_instances[step.InstanceId])
        || step.Messages.Any(message =>
            _instances.TryGetValue(message.InstanceId, out var other) && other.Owner?.Id == worker && HasDue(other));

    private bool HasDue(MemoryInstance instance) => instance.Messages.Values.Any(message => message.DueAt <= _queues.Now);

    private ResultReceipt Apply(long worker, ActivityResult result)
    {
        if (!_workers.TryGetValue(worker, out var owner) || !owner.Activities.TryGetValue(result.Work.Id, out var activity))
            return new(false, false);
        _queues.Remove(activity);
        _queues.Add(activity.Instance, activity.Work.Execution, result.Event);
        WakeFor(activity.Instance, worker);
        return new(true, activity.Instance.Owner is null || activity.Instance.Owner == owner);
    }
}
