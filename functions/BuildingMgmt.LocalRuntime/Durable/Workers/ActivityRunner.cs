using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using Microsoft.DurableTask;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>Activities that may run in this process at once, whichever worker they were given to: those of one that died may still run.</summary>
internal sealed class ActivitySlots(int count)
{
    public int Free { get; private set; } = count;

    public void Take() => Free--;

    public void GiveBack() => Free++;
}

/// <summary>Runs the activities that a worker was given, and sends their results until they are accepted or refused.</summary>
internal sealed class ActivityRunner
{
    private const int ResultsOfOneCommitMax = 200;
    private const int WeightOfOneCommitMax = 2_000;

    private readonly WorkerParts _parts;
    private readonly WorkerLife _life;
    private readonly ActivitySlots _slots;
    private readonly ILogger _logger;
    private readonly CommitQueue<ActivityResult, ResultReceipt> _results;
    private readonly CancellationTokenSource _cancel = new();
    private readonly Queue<ActivityWork> _waiting = new();
    private readonly HashSet<long> _held = [];
    private readonly AnsweredActivities _answered = new();
    private bool _stopped;
    private long _committed;

    public ActivityRunner(WorkerParts parts, WorkerLife life, ActivitySlots slots, ILogger logger)
    {
        (_parts, _life, _slots, _logger) = (parts, life, slots, logger);
        _results = new(CommitAsync, ResultsOfOneCommitMax, result => result.Event.Weight(), WeightOfOneCommitMax);
    }

    /// <summary>Those that were given and have no result yet that the store has answered.</summary>
    public IReadOnlyCollection<long> Held => _held;

    public int Room => _stopped ? 0 : Math.Max(0, _slots.Free - _waiting.Count);

    /// <summary>
    /// Waits behind those that run, if need be. One that it has or had is left out: a take and the commit that scheduled it may both tell of it,
    /// and the later answer may come when it has long been done.
    /// </summary>
    public void Begin(IReadOnlyList<ActivityWork> works)
    {
        foreach (var work in works)
        {
            if (!_stopped && !_answered.Contains(work.Id) && _held.Add(work.Id))
                _waiting.Enqueue(work);
        }

        RunWaiting();
    }

    public void RunWaiting()
    {
        while (_slots.Free > 0 && _waiting.TryDequeue(out var work))
        {
            _slots.Take();
            _ = RunAsync(work);
        }
    }

    /// <summary>Begins no more. Those that wait are left to whoever takes them next.</summary>
    public void Stop()
    {
        _stopped = true;
        foreach (var work in _waiting)
            _held.Remove(work.Id);
        _waiting.Clear();
    }

    public void Cancel()
    {
        Stop();

        // Not here: what the app has registered with its token runs in it.
        _ = _parts.Scheduler.RunStepAsync(() =>
        {
            _cancel.Cancel();
            return Task.FromResult(true);
        });
    }

    private async Task RunAsync(ActivityWork work)
    {
        try
        {
            if (await ResultAsync(work) is { } result)
                await SendAsync(new(work, result));
        }
        finally
        {
            _held.Remove(work.Id);
            _life.SlotFreed();
        }
    }

    /// <returns>Null when it was cancelled, because its worker has died or stops: then it runs again elsewhere.</returns>
    private async Task<ReceivedEvent?> ResultAsync(ActivityWork work)
    {
        ReceivedEvent result;
        try
        {
            result = new TaskCompleted(work.TaskId, await _parts.Scheduler.RunActivityAsync(() => RunInSpanAsync(work)));
        }
        catch (Exception) when (_cancel.IsCancellationRequested)
        {
            // Whatever it answers its token with.
            return null;
        }
        catch (Exception e)
        {
            result = new TaskFailed(work.TaskId, Failure(work, e));
        }
        finally
        {
            _slots.GiveBack();
            _life.SlotFreed();
        }

        _parts.Meter.ActivityEnded(work.Name, _parts.Time.GetUtcNow() - work.CreatedAt);
        return result;
    }

    private TaskFailureDetails Failure(ActivityWork work, Exception exception)
    {
        try
        {
            _logger.ActivityFailed(exception, work.Name, work.InstanceId, work.TaskId);
        }
        catch (Exception)
        {
            // One that cannot even be written to a log is a failure all the same.
        }

        return exception is ActivityNotFoundException missing ? FailureTypes.Of(missing) : TaskFailureDetails.FromException(exception);
    }

    private async Task<string?> RunInSpanAsync(ActivityWork work)
    {
        using var span = DurableTracing.Run(work);
        try
        {
            return await _parts.Functions.RunActivityAsync(work, _cancel.Token);
        }
        catch (Exception e)
        {
            span?.SetStatus(System.Diagnostics.ActivityStatusCode.Error, e.Message);
            throw;
        }
    }

    private async Task SendAsync(ActivityResult result)
    {
        var work = result.Work;
        var trouble = new Trouble(_parts.NewBackoff());
        var replaced = false;
        while (!_life.Ended.IsCancellationRequested)
        {
            TimeSpan pause;
            try
            {
                Answered(work, await _results.AddAsync(result, trouble.Alone));
                return;
            }
            catch (Exception e)
            {
                pause = trouble.Failed(e, _committed);
                if (trouble.IsHopeless && !replaced)
                {
                    // Its orchestration must not wait for ever.
                    replaced = true;
                    _logger.ResultStuck(e, work.Name, work.InstanceId);
                    result = result with { Event = new TaskFailed(work.TaskId, NotStored(work, e)) };
                }
            }

            await _parts.PauseAsync(pause, _life.Ended);
        }
    }

    private void Answered(ActivityWork work, ResultReceipt receipt)
    {
        if (receipt.Locked)
            throw new TimeoutException($"Another transaction holds orchestration \"{work.InstanceId}\".");
        if (!receipt.Accepted)
        {
            _logger.ResultRefused(work.Name, work.InstanceId, work.TaskId);
            return;
        }

        _answered.Add(work.Id);
        if (receipt.Mine)
            _life.Take();
    }

    private async Task<IReadOnlyList<ResultReceipt>> CommitAsync(IReadOnlyList<ActivityResult> results)
    {
        var receipts = await _parts.CallStoreAsync(store => store.CommitResultsAsync(_life.Worker, results, _life.Ended));
        _committed += results.Count;
        return receipts;
    }

    private static TaskFailureDetails NotStored(ActivityWork work, Exception e) =>
        new(e.GetType().FullName!, $"Activity \"{work.Name}\" ran, but its result cannot be stored: {e.Message}", null, null, null);
}
