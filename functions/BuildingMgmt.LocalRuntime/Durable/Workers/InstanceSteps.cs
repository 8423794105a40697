using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>Makes the steps of the instances that a worker took: read the history unless it is in memory, run, commit.</summary>
internal sealed class InstanceSteps
{
    private const int StepsOfOneCommitMax = 100;

    // Rows of one transaction, those with large payloads counting for many: a megabyte or two. A step that fans out to thousands goes by itself.
    private const int WeightOfOneCommitMax = 2_000;
    private const int HistoriesOfOneLoadMax = 50;

    // The engine does not fail by chance, but memory may run out once.
    private const int EngineFailuresMax = 3;

    private static readonly TimeSpan LongStep = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TroubleLasts = TimeSpan.FromMinutes(1);

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
    private readonly Dictionary<string, RunningStep> _running = new(StringComparer.Ordinal);
    private int _stepping;
    private long _committed;
    private long _troublesForgotten;

    public InstanceSteps(WorkerParts parts, WorkerLife life, StoreHealth health, ActivityRunner activities, ILogger logger)
    {
        (_parts, _life, _health, _activities, _logger) = (parts, life, health, activities, logger);
        _sessions = new(parts.Settings, parts.Time);
        _commits = new(CommitAllAsync, StepsOfOneCommitMax, Weigh, WeightOfOneCommitMax);
        _loads = new(LoadAllAsync, HistoriesOfOneLoadMax, _ => 1, HistoriesOfOneLoadMax);
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

    /// <summary>From time to time: gives up those that have rested in memory for too long, and tells of steps that do not end.</summary>
    public void LookAfter()
    {
        GiveUp(_sessions.RemoveIdle());
        foreach (var step in _running.Values.Where(step => !step.Told && _parts.Time.GetElapsedTime(step.Since) >= LongStep))
        {
            step.Told = true;
            _logger.StepRunsLong(step.Orchestrator, step.Taken.InstanceId, step.Taken.Step, LongStep.TotalSeconds);
        }

        if (_troubles.Count > 0 && _parts.Time.GetElapsedTime(_troublesForgotten) >= TroubleLasts)
            ForgetTroubles();
    }

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
            if (loaded.TooLarge is { } bytes)
                return await FailAsync(taken, past, TooLarge(bytes));
        }

        if (trouble is { IsHopeless: true, Last: { } last })
            return await FailAsync(taken, past, last);
        _running.Add(taken.InstanceId, new(taken, StepRunner.NameOf(taken, kept?.Code, past), _parts.Time.GetTimestamp()));
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
        finally
        {
            _running.Remove(taken.InstanceId);
        }

        return await CommitAsync(taken, run, trouble?.Alone ?? false);
    }

    private async Task<bool> CommitAsync(TakenInstance taken, StepRun run, bool alone)
    {
        var (code, outcome) = (run.Code, run.Outcome);
        var ends = outcome.End is not null && outcome.Next is null;
        var keep = !ends && !_life.Draining && _sessions.MayKeep(code) && _parts.Functions.MayRest(code.Name ?? "");
        var commit = StepCommits.Of(taken, code.Name, code.Parent, outcome, run.TraceParent, keep);
        var receipt = await _commits.AddAsync(commit, alone);
        if (receipt.Locked)
            throw new TimeoutException($"Another transaction holds orchestration \"{taken.InstanceId}\", or one that it writes to.");
        if (!receipt.Accepted)
            return Refused(taken);
        _parts.Meter.Stepped();
        _activities.Begin(receipt.Activities);
        if (ends)
            _parts.Ended.Tell(taken.InstanceId);
        else if (keep)
            Keep(taken, run);
        if (receipt.Activities.Count < commit.Activities.Count)
            _life.MoreThanRoom();
        if (receipt.MoreDue || commit.Children.Count > 0 || commit.Restart is not null || commit.Messages.Any(message => message.DueAt is null))
            _life.Take();
        return true;
    }

    private void Keep(TakenInstance taken, StepRun run)
    {
        var (code, execution) = (run.Code, taken.Execution);
        if (run.Outcome.Next is not null)
        {
            // A new execution has no past: it needs no reading either.
            code = StepRunner.NewExecution(_parts, taken, ++execution);
            code.Replay([]);
        }

        GiveUp(_sessions.Keep(new(taken.InstanceId, execution, taken.Step + 1, code)));
    }

    private async Task<bool> FailAsync(TakenInstance taken, IReadOnlyList<HistoryEvent> past, Exception cause)
    {
        var failure = new TaskFailureDetails(
            cause.GetType().FullName!, $"Step {taken.Step} of orchestration \"{taken.InstanceId}\" cannot be made: {cause.Message}",
            cause.StackTrace, null, null);
        var commit = StepCommits.Failed(taken, StepRunner.ParentOf(taken, past), failure);
        if (!(await _commits.AddAsync(commit, alone: true)).Accepted)
            return Refused(taken);
        _logger.StepGivenUp(cause, taken.InstanceId, taken.Step);
        _parts.Ended.Tell(taken.InstanceId);
        if (commit.Messages.Count > 0)
            _life.Take();
        return true;
    }

    private static InvalidOperationException TooLarge(long bytes) => new(
        $"Its history has {bytes} bytes in the store, more than are read into memory. An orchestration that goes on for long continues as new from time to time.");

    private TimeSpan Failed(TakenInstance taken, Exception e)
    {
        var trouble = TroubleOf(taken);
        var pause = trouble.Failed(e, _committed);
        if (trouble is { Alone: true, Told: false } && !_health.IsAway)
        {
            trouble.Told = true;
            _logger.StepStuck(e, taken.InstanceId, taken.Step);
        }

        return pause;
    }

    private bool Refused(TakenInstance taken)
    {
        _logger.StepRefused(taken.InstanceId, taken.Step);
        return false;
    }

    private Trouble TroubleOf(TakenInstance taken)
    {
        if (!_troubles.TryGetValue(taken.InstanceId, out var trouble))
            _troubles.Add(taken.InstanceId, trouble = new(_parts.NewBackoff()));
        trouble.LastAt = _parts.Time.GetTimestamp();
        return trouble;
    }

    // Of instances that went on elsewhere or ended there this process hears no more.
    private void ForgetTroubles()
    {
        _troublesForgotten = _parts.Time.GetTimestamp();
        foreach (var (id, trouble) in _troubles)
        {
            if (!_busy.Contains(id) && _parts.Time.GetElapsedTime(trouble.LastAt) >= TroubleLasts)
                _troubles.Remove(id);
        }
    }

    private async Task<IReadOnlyList<StepReceipt>> CommitAllAsync(IReadOnlyList<StepCommit> steps)
    {
        var room = _activities.Room;
        var receipts = await _parts.CallStoreAsync(store => store.CommitStepsAsync(_life.Worker, steps, room, _life.Ended));
        _committed += steps.Count;
        return receipts;
    }

    private async Task<IReadOnlyList<LoadedHistory?>> LoadAllAsync(IReadOnlyList<string> instanceIds)
    {
        var loaded = await _parts.CallStoreAsync(store => store.LoadAsync(_life.Worker, instanceIds, _life.Ended));
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
        1 + step.Consumed.Count + step.CancelledTimers.Count + step.Children.Count + step.Activities.Count
        + step.Appended.Concat(step.Restart ?? []).Concat(step.Messages.Select(message => message.Event)).Sum(happened => happened.Weight())
        + PayloadSizes.Weight(step.State.CustomStatus?.Length ?? 0);

    private sealed class RunningStep(TakenInstance taken, string orchestrator, long since)
    {
        public TakenInstance Taken { get; } = taken;

        public string Orchestrator { get; } = orchestrator;

        public long Since { get; } = since;

        public bool Told { get; set; }
    }
}
