using Azure;
using BuildingMgmt.LocalRuntime.Functions;
using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.Timer;

/// <summary>Runs one timer function in whichever process holds its lease. A run that nobody made while all were away is made up once.</summary>
internal sealed class TimerListener(
    LoadedFunction function, TimerTriggerAttribute trigger, TimerSchedule schedule, TimerBlobs blobs, FunctionRunner runner, TimeProvider time, ILogger logger)
    : ITriggerListener
{
    private static readonly TimeSpan AskAgainInterval = TimeSpan.FromSeconds(3);

    // What a timer of the system takes at most is less than a rare schedule's wait.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private static readonly RunBindingContext NoBindingData = new(new Dictionary<string, object?>());

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _cancelRuns = new();
    private Task _running = Task.CompletedTask;
    private bool _hasStarted;
    private bool _storageAway;

    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>Starts no more runs and waits for the one that is running.</summary>
    /// <param name="cancelRuns">Tells it that time is up.</param>
    public async Task StopAsync(CancellationToken cancelRuns)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await using var registration = cancelRuns.UnsafeRegister(
            static runs => ((CancellationTokenSource)runs!).Cancel(), _cancelRuns).ConfigureAwait(false);
        await _running.ConfigureAwait(false);
    }

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var asked = time.GetTimestamp();
                if (await blobs.TryLeaseAsync(_stopping.Token).ConfigureAwait(false) is { } acquired)
                {
                    var lease = new TimerLease(acquired, asked, time);
                    await using (lease.ConfigureAwait(false))
                    {
                        _storageAway = false;
                        await RunWhileLeasedAsync(lease.Lost).ConfigureAwait(false);
                    }
                }
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (OperationCanceledException)
            {
                // The lease was lost: whoever has it now goes on.
            }
            catch (Exception e) when (e is RequestFailedException or AggregateException)
            {
                if (!_storageAway)
                    logger.TimerStorageAway(e, function.Name);
                _storageAway = true;
            }

            await Task.Delay(AskAgainInterval, time, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunWhileLeasedAsync(CancellationToken lost)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(lost, _stopping.Token);
        var monitored = trigger.UseMonitor && !schedule.RunsWithinMinutes(Now);
        var now = Now;
        var status = monitored ? await blobs.ReadStatusAsync(either.Token).ConfigureAwait(false) : null;
        var (current, changed) = Reconcile(status, now);
        if (monitored && changed)
            await WriteStatusAsync(current).ConfigureAwait(false);

        if (monitored && now > current.Next)
        {
            logger.TimerPastDue(function.Name, current.Next);
            current = await InvokeAsync(current, now, isPastDue: true, monitored).ConfigureAwait(false);
        }
        else if (trigger.RunOnStartup && !_hasStarted)
        {
            current = await InvokeAsync(current, now, isPastDue: false, monitored).ConfigureAwait(false);
        }

        _hasStarted = true;
        logger.TimerScheduled(function.Name, current.Next);
        while (true)
        {
            await WaitUntilAsync(current.Next, either.Token).ConfigureAwait(false);

            // A timer may fire a moment early; reckoned from then, the same time would be the next one again.
            var at = Now < current.Next ? current.Next : Now;
            current = await InvokeAsync(current, at, isPastDue: false, monitored).ConfigureAwait(false);
            either.Token.ThrowIfCancellationRequested();
        }
    }

    // The stored next run holds only if the schedule still gives it: a changed schedule is not a missed run.
    private (ScheduleStatus Status, bool Changed) Reconcile(ScheduleStatus? stored, DateTime now)
    {
        if (stored is null)
            return (new ScheduleStatus { Next = schedule.Next(now), LastUpdated = now }, true);
        var from = stored.Last != default ? stored.Last : stored.LastUpdated != default ? stored.LastUpdated : now;
        var expected = schedule.Next(from);
        if (stored.Next == expected)
            return (stored, false);
        return now > expected
            ? (new ScheduleStatus { Next = schedule.Next(now), LastUpdated = now }, true)
            : (new ScheduleStatus { Next = expected, LastUpdated = from }, true);
    }

    private async Task WaitUntilAsync(DateTime next, CancellationToken cancellationToken)
    {
        for (var wait = next - Now; wait > TimeSpan.Zero; wait = next - Now)
            await Task.Delay(wait < LongestWait ? wait : LongestWait, time, cancellationToken).ConfigureAwait(false);
    }

    private async Task<ScheduleStatus> InvokeAsync(ScheduleStatus current, DateTime at, bool isPastDue, bool monitored)
    {
        var info = new TimerInfo { IsPastDue = isPastDue, ScheduleStatus = monitored ? current : null };
        var end = await runner.RunAsync(function, info, NoBindingData, _cancelRuns.Token).ConfigureAwait(false);

        // A run that was cut off by the shutdown is not done: the next process finds it missed.
        if (end == RunEnd.Cancelled)
            throw new OperationCanceledException(_cancelRuns.Token);
        var next = new ScheduleStatus { Last = at, Next = schedule.Next(at), LastUpdated = at };
        if (monitored)
            await WriteStatusAsync(next).ConfigureAwait(false);
        return next;
    }

    private async Task WriteStatusAsync(ScheduleStatus status)
    {
        try
        {
            await blobs.WriteStatusAsync(status, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException)
        {
            logger.TimerStatusNotWritten(e, function.Name);
        }
    }
}
