using BuildingMgmt.LocalRuntime.Durable.Execution;
using Npgsql;
using static BuildingMgmt.LocalRuntime.Durable.Store.Sql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Commits steps of orchestrations, many at once, in one round trip and one transaction.</summary>
internal sealed class PostgresSteps(NpgsqlDataSource database, int hub, PostgresWakes wakes)
{
    private const int Scheduled = 0;
    private const int Advanced = 1;

    public Task<IReadOnlyList<StepReceipt>> CommitAsync(
        long worker, IReadOnlyList<StepCommit> steps, int activitiesMax, CancellationToken cancellationToken) =>
        LockedInstances.WithoutAsync(
            database, hub, steps, Touched, free => CommitAllAsync(worker, free, activitiesMax, cancellationToken),
            new StepReceipt(false, [], false, Locked: true), cancellationToken);

    private static IEnumerable<string> Touched(StepCommit step) => Targets(step).Prepend(step.InstanceId);

    private static IEnumerable<string> Targets(StepCommit step) =>
        step.Children.Select(child => child.InstanceId).Concat(step.Messages.Select(message => message.InstanceId));

    private async Task<IReadOnlyList<StepReceipt>> CommitAllAsync(
        long worker, IReadOnlyList<StepCommit> steps, int activitiesMax, CancellationToken cancellationToken)
    {
        var children = Flat(steps, step => step.Children);
        var messages = Flat(steps, step => step.Messages);
        var cancelled = Flat(steps, step => step.CancelledTimers);
        var ends = steps.Select((step, index) => (Ord: index + 1L, Step: step))
            .Where(item => item.Step.Restart is not null || Statuses.IsEnd(item.Step.State.Status)).ToList();
        string[] targets = [.. steps.SelectMany(Targets).Distinct()];
        string[] touched = [.. steps.SelectMany(Touched).Distinct()];

        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var batch = Batch(connection);
        batch.BatchCommands.Add(Statement(StepSql.Lock, One(hub), One(touched)));
        if (children.Count > 0)
            batch.BatchCommands.Add(Statement(StepSql.Children, [.. Fence(), .. ChildColumns(children)]));
        batch.BatchCommands.Add(Statement(
            StepSql.Write,
            [
                .. Fence(),
                .. ConsumedColumns(Flat(steps, step => step.Consumed)),
                .. HistoryColumns(steps),
                One(activitiesMax),
                .. ActivityColumns(Flat(steps, step => Statuses.IsEnd(step.State.Status) || step.Restart is not null ? [] : step.Activities)),
                .. MessageColumns(messages),
            ]));
        if (cancelled.Count > 0)
            batch.BatchCommands.Add(Statement(StepSql.CancelTimers, [.. Fence(), .. TimerColumns(cancelled)]));
        if (ends.Count > 0)
            batch.BatchCommands.Add(Statement(StepSql.End, [.. Fence(), .. EndColumns(ends), .. OpeningColumns(Flat(steps, step => step.Restart ?? []))]));
        batch.BatchCommands.Add(Statement(StepSql.Advance, [.. Fence(), .. StateColumns(steps), One(targets)]));

        await using var row = await batch.ExecuteReaderAsync(cancellationToken);
        return await ReadAsync(worker, steps, row, cancellationToken);

        IEnumerable<NpgsqlParameter> Fence() =>
        [
            One(hub),
            One(worker),
            Many(steps, step => step.InstanceId),
            Many(steps, step => step.Step),
        ];
    }

    // Two of the statements have answers: the activities that were written, and the instances that are one step further.
    private async Task<IReadOnlyList<StepReceipt>> ReadAsync(
        long worker, IReadOnlyList<StepCommit> steps, NpgsqlDataReader row, CancellationToken cancellationToken)
    {
        var accepted = new bool[steps.Count];
        var given = new List<ActivityWork>?[steps.Count];
        var moreDue = false;
        var others = new WakeTargets(worker);
        do
        {
            while (await row.ReadAsync(cancellationToken))
            {
                var step = (int)row.GetInt64(1) - 1;
                var owner = row.GetInt64(2);
                switch (row.GetInt32(0))
                {
                    case Scheduled when owner == worker:
                        (given[step] ??= []).Add(Work(steps[step], row));
                        break;
                    case Scheduled:
                        others.AddAll();
                        break;
                    case Advanced:
                        accepted[step] = true;
                        break;
                }

                if (row.GetBoolean(3))
                {
                    moreDue |= owner == 0 || owner == worker;
                    others.Add(owner);
                }
            }
        }
        while (await row.NextResultAsync(cancellationToken));

        wakes.Wake(others);
        return [.. accepted.Select((isAccepted, step) => new StepReceipt(isAccepted, given[step] ?? [], isAccepted && moreDue))];
    }

    private static ActivityWork Work(StepCommit step, NpgsqlDataReader row)
    {
        var taskId = row.GetInt32(5);
        var activity = step.Activities.First(activity => activity.TaskId == taskId);
        return new ActivityWork(
            row.GetInt64(4), step.InstanceId, step.Execution, taskId, activity.Name, activity.Version, activity.Input,
            activity.TraceParent, activity.Tags, row.GetFieldValue<DateTimeOffset>(6));
    }

    private static IEnumerable<NpgsqlParameter> StateColumns(IReadOnlyList<StepCommit> steps) =>
    [
        Many(steps, step => (short)step.State.Status),
        Many(steps, step => PayloadCodec.EncodeText(step.State.CustomStatus)),
        Many(steps, step => PayloadCodec.EncodeText(step.State.Output)),
        Many(steps, step => PayloadCodec.EncodeOptional(step.State.Failure)),
        Many(steps, step => step.State.Version),
        Many(steps, step => PayloadCodec.EncodeText(step.State.Input)),
        Many(steps, step => step.Restart is not null),
        Many(steps, step => step.Keep && !Statuses.IsEnd(step.State.Status)),
        Many(steps, step => Statuses.IsEnd(step.State.Status)),
        Many(steps, step => step.State.ClearsCustomStatus),
    ];

    private static IEnumerable<NpgsqlParameter> HistoryColumns(IReadOnlyList<StepCommit> steps)
    {
        var written = steps.Select((step, index) => (Ord: index + 1L, Step: step))
            .Where(item => item.Step.Appended.Count > 0 && item.Step.Restart is null).ToList();
        return
        [
            Many(written, item => item.Ord),
            Many(written, item => PayloadCodec.EncodeEvents(item.Step.Appended)),
        ];
    }

    private static IEnumerable<NpgsqlParameter> EndColumns(List<(long Ord, StepCommit Step)> ends) =>
    [
        Many(ends, item => item.Ord),
        Many(ends, item => item.Step.Restart is not null),
    ];

    private static IEnumerable<NpgsqlParameter> OpeningColumns(List<(long Ord, ReceivedEvent Event)> openings) =>
    [
        Many(openings, item => item.Ord),
        Many(openings, item => item.Event is ExecutionStarted),
        Many(openings, item => PayloadCodec.EncodeEvent(item.Event)),
    ];

    private static IEnumerable<NpgsqlParameter> ConsumedColumns(List<(long Ord, long Sequence)> consumed) =>
    [
        Many(consumed, item => item.Ord),
        Many(consumed, item => item.Sequence),
    ];

    private static IEnumerable<NpgsqlParameter> ActivityColumns(List<(long Ord, NewActivity Activity)> activities) =>
    [
        Many(activities, item => item.Ord),
        Many(activities, item => item.Activity.TaskId),
        Many(activities, item => item.Activity.Name),
        Many(activities, item => item.Activity.Version),
        Many(activities, item => PayloadCodec.EncodeText(item.Activity.Input)),
        Many(activities, item => item.Activity.TraceParent),
        Many(activities, item => PayloadCodec.EncodeOptional(item.Activity.Tags)),
    ];

    private static IEnumerable<NpgsqlParameter> ChildColumns(List<(long Ord, NewInstance Instance)> children) =>
    [
        Many(children, item => item.Ord),
        Many(children, item => item.Instance.InstanceId),
        Many(children, item => item.Instance.Start.Name),
        Many(children, item => item.Instance.Start.Version),
        Many(children, item => PayloadCodec.EncodeText(item.Instance.Start.Input)),
        Many(children, item => PayloadCodec.EncodeOptional(item.Instance.Start.Tags)),
        Many(children, item => DueAt(item.Instance.StartAt)),
        Many(children, item => PayloadCodec.EncodeEvent(item.Instance.Start)),
        Many(children, item => PayloadCodec.EncodeOptional<HistoryEvent>(ChildIdTaken.Failure(item.Instance))),
    ];

    private static IEnumerable<NpgsqlParameter> MessageColumns(List<(long Ord, NewMessage Message)> messages) =>
    [
        Many(messages, item => item.Ord),
        Many(messages, item => item.Message.InstanceId),
        Many(messages, item => item.Message.Key),
        Many(messages, item => item.Message.Execution),
        Many(messages, item => DueAt(item.Message.DueAt)),
        Many(messages, item => item.Message.Id),
        Many(messages, item => PayloadCodec.EncodeEvent(item.Message.Event)),
    ];

    private static IEnumerable<NpgsqlParameter> TimerColumns(List<(long Ord, TimerCreated Timer)> timers) =>
    [
        Many(timers, item => item.Ord),
        Many(timers, item => DueAt(item.Timer.FireAt)),
        Many(timers, item => PayloadCodec.EncodeEvent(new TimerFired(item.Timer.Id))),
    ];

    private static List<(long Ord, T Item)> Flat<T>(IReadOnlyList<StepCommit> steps, Func<StepCommit, IReadOnlyList<T>> items) =>
        [.. steps.SelectMany((step, index) => items(step).Select(item => (index + 1L, item)))];
}
