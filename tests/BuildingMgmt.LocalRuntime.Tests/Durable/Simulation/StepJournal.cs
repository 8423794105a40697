using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Simulation;

/// <summary>Every step that was accepted, in order, to see whether each was made exactly once.</summary>
internal sealed class StepJournal
{
    private readonly Dictionary<string, List<StepCommit>> _steps = new(StringComparer.Ordinal);
    private readonly List<(string InstanceId, List<StepCommit> Steps)> _before = [];

    public int Count { get; private set; }

    public void Committed(IReadOnlyList<StepCommit> steps, IReadOnlyList<StepReceipt> receipts)
    {
        for (var i = 0; i < steps.Count; i++)
        {
            if (!receipts[i].Accepted)
                continue;
            Count++;
            if (!_steps.TryGetValue(steps[i].InstanceId, out var all))
                _steps.Add(steps[i].InstanceId, all = []);
            all.Add(steps[i]);
        }
    }

    /// <summary>From now on the id is another instance's.</summary>
    public void Began(string instanceId)
    {
        if (_steps.Remove(instanceId, out var steps))
            _before.Add((instanceId, steps));
    }

    /// <summary>What is wrong with the steps of any instance.</summary>
    public IEnumerable<string> Errors() => All.SelectMany(instance => ErrorsOf(instance.Steps).Select(error => $"{instance.InstanceId}: {error}"));

    /// <summary>Where an instance stands, in words.</summary>
    public string Describe(string instanceId) => _steps.TryGetValue(instanceId, out var steps)
        ? $"{steps.Count} steps; the last: {string.Join(", ", steps[^1].Appended)}; open: {string.Join(", ", Open(steps))}"
        : "no step";

    /// <summary>Inputs of all activities that were scheduled.</summary>
    public IEnumerable<string?> ActivityInputs() => All.SelectMany(instance => instance.Steps).SelectMany(step => step.Activities).Select(activity => activity.Input);

    private IEnumerable<(string InstanceId, List<StepCommit> Steps)> All => _before.Concat(_steps.Select(instance => (instance.Key, instance.Value)));

    private static IEnumerable<ActionEvent> Open(List<StepCommit> steps)
    {
        var events = steps.Where(step => step.Execution == steps[^1].Execution && step.Restart is null).SelectMany(step => step.Appended).ToList();
        var answered = events.Select(AnswerOf).ToHashSet();
        return events.OfType<ActionEvent>().Where(action => !answered.Contains((action.Id, action.GetType())));
    }

    private static IEnumerable<string> ErrorsOf(List<StepCommit> steps)
    {
        var consumed = new HashSet<long>();
        // One that replaces another goes on counting.
        var execution = steps[0].Execution;
        var history = new List<HistoryEvent>();
        for (var i = 0; i < steps.Count; i++)
        {
            var step = steps[i];
            if (step.Step != steps[0].Step + i)
                yield return $"step {step.Step} came as the {i}th after step {steps[0].Step}";
            if (step.Execution != execution)
                yield return $"step {step.Step} is of execution {step.Execution}, not {execution}";
            foreach (var sequence in step.Consumed)
            {
                if (!consumed.Add(sequence))
                    yield return $"message {sequence} was used twice";
            }

            if (history.OfType<ExecutionCompleted>().Any())
                yield return $"step {step.Step} was made after the end";
            history.AddRange(step.Appended);
            if (step.Restart is null)
                continue;
            foreach (var error in ErrorsOf(history))
                yield return error;
            history.Clear();
            execution++;
        }

        foreach (var error in ErrorsOf(history))
            yield return error;
    }

    private static IEnumerable<string> ErrorsOf(List<HistoryEvent> history)
    {
        if (history is not [StepStarted, ..])
            yield return "its history does not begin with a step";
        var actions = history.OfType<ActionEvent>().ToDictionary(action => action.Id);
        for (var id = 0; id < actions.Count; id++)
        {
            if (!actions.ContainsKey(id))
                yield return $"there is no action {id}, but {actions.Count} of them";
        }

        for (var i = 0; i < history.Count; i++)
        {
            var (id, type) = AnswerOf(history[i]);
            if (id >= 0 && !history.Take(i).OfType<ActionEvent>().Any(action => action.Id == id && action.GetType() == type))
                yield return $"event {i}, a {history[i].GetType().Name}, answers nothing before it";
        }
    }

    private static (int Id, Type Action) AnswerOf(HistoryEvent happened) => happened switch
    {
        TaskCompleted done => (done.Id, typeof(TaskScheduled)),
        TaskFailed done => (done.Id, typeof(TaskScheduled)),
        ChildCompleted done => (done.Id, typeof(ChildCreated)),
        ChildFailed done => (done.Id, typeof(ChildCreated)),
        TimerFired done => (done.Id, typeof(TimerCreated)),
        _ => (-1, typeof(object)),
    };
}
