namespace BuildingMgmt.LocalRuntime.Durable.Workers;

/// <summary>Lets one wait until it is set or a time has passed. Being set while nobody waits counts for the next wait. Belongs to one context.</summary>
internal sealed class WakeSignal(TimeProvider time)
{
    private TaskCompletionSource? _waiting;
    private bool _set;

    public void Set()
    {
        _set = true;
        _waiting?.TrySetResult();
    }

    /// <param name="atMost"><see cref="Timeout.InfiniteTimeSpan"/> waits for ever.</param>
    public async Task WaitAsync(TimeSpan atMost)
    {
        if (!_set)
        {
            var waiting = _waiting = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var timer = time.CreateTimer(
                static waiting => ((TaskCompletionSource)waiting!).TrySetResult(), waiting, atMost, Timeout.InfiniteTimeSpan);
            await waiting.Task;
            _waiting = null;
        }

        _set = false;
    }
}
