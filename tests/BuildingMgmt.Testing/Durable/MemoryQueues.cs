using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;

namespace BuildingMgmt.Testing.Durable;

/// <summary>What waits in a hub: messages until they are due, then until they are used up, and activities that nobody was given.</summary>
internal sealed class MemoryQueues(TimeProvider time)
{
    private readonly SortedDictionary<long, MemoryMessage> _due = [];
    private readonly SortedDictionary<(DateTimeOffset, long), MemoryMessage> _later = [];
    private readonly SortedDictionary<long, MemoryActivity> _activities = [];
    private long _sequence;
    private long _activityId;

    public DateTimeOffset Now => time.GetUtcNow();

    /// <summary>In the order of their sequence numbers.</summary>
    public IEnumerable<MemoryMessage> Due
    {
        get
        {
            MoveDue();
            return _due.Values;
        }
    }

    /// <summary>In the order of the times when they will be due.</summary>
    public IEnumerable<MemoryMessage> Later
    {
        get
        {
            MoveDue();
            return _later.Values;
        }
    }

    /// <summary>Nobody's, in the order in which they were scheduled.</summary>
    public IReadOnlyCollection<MemoryActivity> WaitingActivities => _activities.Values;

    /// <returns>False when one of the same id waits already.</returns>
    public bool Add(MemoryInstance instance, int? execution, ReceivedEvent happened, DateTimeOffset? dueAt = null, Guid? id = null)
    {
        if (id is not null && instance.Messages.Values.Any(waiting => waiting.Id == id))
            return false;
        var message = new MemoryMessage(instance, ++_sequence, execution, happened, dueAt ?? Now, id);
        instance.Messages.Add(message.Sequence, message);
        if (message.DueAt > Now)
            _later.Add((message.DueAt, message.Sequence), message);
        else
            _due.Add(message.Sequence, message);
        return true;
    }

    public void Remove(MemoryMessage message)
    {
        message.Instance.Messages.Remove(message.Sequence);
        if (!_due.Remove(message.Sequence))
            _later.Remove((message.DueAt, message.Sequence));
    }

    public MemoryActivity Add(MemoryInstance instance, NewActivity activity)
    {
        var work = new ActivityWork(
            ++_activityId, instance.Id, instance.Execution, activity.TaskId, activity.Name, activity.Version, activity.Input,
            activity.TraceParent, activity.Tags, Now);
        var added = new MemoryActivity(instance, work);
        instance.Activities.Add(work.Id, added);
        _activities.Add(work.Id, added);
        return added;
    }

    public void Give(MemoryActivity activity, MemoryWorker? worker)
    {
        TakeFromOwner(activity);
        activity.Owner = worker;
        (worker?.Activities ?? _activities).Add(activity.Work.Id, activity);
    }

    public void Remove(MemoryActivity activity)
    {
        TakeFromOwner(activity);
        activity.Instance.Activities.Remove(activity.Work.Id);
    }

    /// <summary>Drops all that waits for an instance.</summary>
    public void Clear(MemoryInstance instance)
    {
        foreach (var message in instance.Messages.Values.ToArray())
            Remove(message);
        foreach (var activity in instance.Activities.Values.ToArray())
            Remove(activity);
    }

    /// <summary>Drops what waits for the execution that has ended, and puts what opens the next one in front of all that is for any.</summary>
    public void Restart(MemoryInstance instance, int ended, IReadOnlyList<ReceivedEvent> opening)
    {
        var staying = instance.Messages.Values.Where(message => message.Execution != ended).ToArray();
        Clear(instance);
        foreach (var happened in opening)
            Add(instance, happened is ExecutionStarted ? ended + 1 : null, happened);
        foreach (var message in staying)
            Add(instance, message.Execution, message.Event, message.DueAt, message.Id);
    }

    private void TakeFromOwner(MemoryActivity activity) => (activity.Owner?.Activities ?? _activities).Remove(activity.Work.Id);

    private void MoveDue()
    {
        while (_later.Count > 0 && _later.First() is var next && next.Value.DueAt <= Now)
        {
            _later.Remove(next.Key);
            _due.Add(next.Value.Sequence, next.Value);
        }
    }
}
