using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>Makes the steps of the instances that a worker took: read the history unless it is in memory, run, commit.</summary>
internal sealed class InstanceSteps
{
    private const int StepsOfOneCommitMax = 100;

    // Rows and payloads of one transaction, roughly. A step that fans out to thousands goes by itself.
    private const int ChangesOfOneCommitMax = 2_000;
    private const int HistoriesOfOneLoadMax = 50;

    // Then the step itself is to blame. The pauses before add up to a quarter of a minute.
    private const int BlamedMax = 10;

    // The engine does not fail by chance, but memory may run out once.
    private const int EngineFailuresMax = 3;

    private readonly WorkerParts _parts;
    private readonly WorkerLife _life;
    private readonly StoreHealth _health;
    private readonly ActivityRunner _activities;
    private readonly ILogger _logger;
    private readonly InstanceSessions _sessions;
    private readonly CommitQueue<StepCommit, StepReceipt> _commits;
    private readonly CommitQueue<string, LoadedHistory?> _loads;
    private readonly HashSet<string> _busy = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Trouble> _troubles = new(StringComparer.Ordinal);
    private int _stepping;
    private long _committed;

    public InstanceSteps(WorkerParts parts, WorkerLife life, StoreHealth health, ActivityRunner activities, ILogger logger)
    {
        (_parts, _life, _health, _activities, _logger) = (parts, life, health, activities, logger);
        _sessions = new(parts.Settings, parts.Time);
        _commits = new(CommitAsync, StepsOfOneCommitMax, Weigh, ChangesOfOneCommitMax);
        _loads = new(LoadAsync, HistoriesOfOneLoadMax, _ => 1, HistoriesOfOneLoadMax);
    }

    /// <summary>Instances that must not be taken now: they make a step, wait to try it again, or are being given up.</summary>
    public IReadOnlyCollection<string> Busy => _busy;

    public int Free => _parts.Settings.MaxConcurrentOrchestrators - _stepping;

    public bool Idle => _stepping == 0;

    public void Begin(TakenInstance taken)
    {
        // The store leaves out what is busy; an answer that is older than this one's begin may still tell of it.
        if (_busy.Add(taken.InstanceId))
            _ = RunAsync(taken);
    }

    /// <summary>Gives up those that have rested in memory for too long.</summary>
    public void GiveUpIdle() => GiveUp(_sessions.RemoveIdle());

    private async Task RunAsync(TakenInstance taken)
    {
        _stepping++;
        var takes = _life.TakesBegun;
        var pause = TimeSpan.Zero;
        try
        {
            if (await StepAsync(taken))
            {
                _troubles.Remove(taken.InstanceId);
            }
            else
            {
                _logger.StepRefused(taken.InstanceId, taken.Step);
                pause = TroubleOf(taken).Refused();
            }
        }
        catch (Exception e)
        {
            pause = Failed(taken, e);
        }

        _stepping--;
        _life.SlotFreed();
        if (pause > TimeSpan.Zero)
            await _parts.PauseAsync(pause, _life.Ended);
        _busy.Remove(taken.InstanceId);

        // A take that began meanwhile has left this instance out, and may have used up the wake of a message for it.
        if (pause > TimeSpan.Zero || takes != _life.TakesBegun)
            _life.Take();
    }

    private async Task<bool> StepAsync(TakenInstance taken)
    {
        _troubles.TryGetValue(taken.InstanceId, out var trouble);
        var kept = _sessions.Take(taken);
        IReadOnlyList<HistoryEvent> past = [];
        if (kept is null && taken.Step > 0)
        {
            var loaded = await _loads.AddAsync(taken.InstanceId, trouble?.Alone ?? false);
            if (loaded is null || loaded.Step != taken.Step || loaded.Execution != taken.Execution)
                return false;
            past = loaded.Events;
        }

        if (trouble is { Blamed: >= BlamedMax, Last: { } last })
            return await FailAsync(taken, past, last);
        StepRun run;
        try
        {
            run = await _parts.Scheduler.RunStepAsync(() => StepRunner.RunAsync(_parts, taken, kept?.Code, past, _life.Ended));
        }
        catch (Exception e)
        {
            if (++TroubleOf(taken).EngineFailures >= EngineFailuresMax)
                return await FailAsync(taken, past, e);
            throw;
        }

        return await CommitAsync(taken, run, trouble?.Alone ?? false);
    }

    private async Task<bool> CommitAsync(TakenInstance taken, StepRun run, bool alone)
    {
        var (code, outcome) = (run.Code, run.Outcome);
        var ends = outcome.End is not null && outcome.Next is null;
        var keep = !ends && !_life.Draining && _sessions.MayKeep(code) && _parts.Functions.MayRest(code.Name ?? "");
        var commit = StepCommits.Of(taken, code.Name, code.Parent, outcome, run.Now, run.TraceParent, keep);
        var receipt = await _commits.AddAsync(commit, alone);
        if (!receipt.Accepted)
            return false;
        _parts.Meter.Stepped();
        _activities.Begin(receipt.Activities);
        if (ends)
        {
            _parts.Ended.Tell(taken.InstanceId);
        }
        else if (keep)
        {
            // A new execution has no past: it needs no reading either.
            var next = outcome.Next is null ? code : StepRunner.NewExecution(_parts, taken.InstanceId, taken.Execution + 1);
            if (outcome.Next is not null)
                next.Replay([]);
            var execution = outcome.Next is null ? taken.Execution : taken.Execution + 1;
            GiveUp(_sessions.Keep(new(taken.InstanceId, execution, taken.Step + 1, next)));
        }

        if (receipt.Activities.Count < commit.Activities.Count)
            _life.MoreThanRoom();
        if (receipt.MoreDue || commit.Children.Count > 0 || commit.Restart is not null || commit.Messages.Any(message => message.DueAt is null))
            _life.Take();
        return true;
    }

    private async Task<bool> FailAsync(TakenInstance taken, IReadOnlyList<HistoryEvent> past, Exception cause)
    {
        var failure = new TaskFailureDetails(
            cause.GetType().FullName!, $"Step {taken.Step} of orchestration \"{taken.InstanceId}\" cannot be made: {cause.Message}",
            cause.StackTrace, null, null);
        var commit = StepCommits.Failed(taken, StepRunner.ParentOf(taken, past), failure);
        if (!(await _commits.AddAsync(commit, alone: true)).Accepted)
            return false;
        _logger.StepGivenUp(cause, taken.InstanceId, taken.Step);
        _parts.Ended.Tell(taken.InstanceId);
        if (commit.Messages.Count > 0)
            _life.Take();
        return true;
    }

    private TimeSpan Failed(TakenInstance taken, Exception e)
    {
        var trouble = TroubleOf(taken);
        var blamed = trouble.Blamed;
        var pause = trouble.Failed(e, _committed);
        if (blamed == 0 && trouble.Blamed == 1 && !_health.IsAway)
            _logger.StepStuck(e, taken.InstanceId, taken.Step);
        return pause;
    }

    private Trouble TroubleOf(TakenInstance taken)
    {
        if (!_troubles.TryGetValue(taken.InstanceId, out var trouble))
            _troubles.Add(taken.InstanceId, trouble = new(_parts.NewBackoff()));
        return trouble;
    }

    private async Task<IReadOnlyList<StepReceipt>> CommitAsync(IReadOnlyList<StepCommit> steps)
    {
        var receipts = await _parts.Store.CommitStepsAsync(_life.Worker, steps, _activities.Room, _life.Ended);
        _committed += steps.Count;
        return receipts;
    }

    private async Task<IReadOnlyList<LoadedHistory?>> LoadAsync(IReadOnlyList<string> instanceIds)
    {
        var loaded = await _parts.Store.LoadAsync(_life.Worker, instanceIds, _life.Ended);
        var byId = loaded.ToDictionary(history => history.InstanceId, StringComparer.Ordinal);
        return [.. instanceIds.Select(byId.GetValueOrDefault)];
    }

    // Busy meanwhile: one that was taken again before the store has given it up would be displaced in the middle of its step.
    private void GiveUp(IReadOnlyList<string> instanceIds)
    {
        string[] resting = [.. instanceIds.Where(_busy.Add)];
        if (resting.Length > 0)
            _ = GiveUpAsync(resting);
    }

    private async Task GiveUpAsync(IReadOnlyList<string> instanceIds)
    {
        var takes = _life.TakesBegun;
        try
        {
            await _parts.Store.ReleaseAsync(_life.Worker, instanceIds, _life.Ended);
        }
        catch (Exception)
        {
            // It stays the owner, at worst until it leaves: messages still come here.
        }

        _busy.ExceptWith(instanceIds);
        if (takes != _life.TakesBegun)
            _life.Take();
    }

    private static int Weigh(StepCommit step) =>
        1 + step.Appended.Count + step.Consumed.Count + step.Activities.Count + step.Messages.Count + step.Children.Count;
}
