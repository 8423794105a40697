using Azure;
using Azure.Storage.Blobs.Specialized;

namespace BuildingMgmt.LocalRuntime.Timer;

/// <summary>The right to run one timer, renewed until it is given back or lost.</summary>
internal sealed class TimerLease : IAsyncDisposable
{
    private static readonly TimeSpan RenewInterval = TimeSpan.FromSeconds(4);

    private readonly BlobLeaseClient _lease;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Task _renewing;

    public TimerLease(BlobLeaseClient lease, TimeProvider time)
    {
        _lease = lease;
        _time = time;
        Lost = _lost.Token;
        _renewing = Task.Run(RenewAsync);
    }

    /// <summary>Cancelled when another process may have the lease.</summary>
    public CancellationToken Lost { get; }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
        if (Lost.IsCancellationRequested)
            return;
        try
        {
            await _lease.ReleaseAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException)
        {
            // It expires by itself.
        }
    }

    private async Task RenewAsync()
    {
        var renewed = _time.GetTimestamp();
        while (true)
        {
            try
            {
                await Task.Delay(RenewInterval, _time, _end.Token).ConfigureAwait(false);
                await _lease.RenewAsync(cancellationToken: _end.Token).ConfigureAwait(false);
                renewed = _time.GetTimestamp();
            }
            catch (OperationCanceledException) when (_end.IsCancellationRequested)
            {
                return;
            }
            catch (RequestFailedException e) when (e.Status is 404 or 409 or 412)
            {
                await _lost.CancelAsync().ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (e is RequestFailedException or AggregateException or OperationCanceledException)
            {
                // Storage is away. The lease holds a while without it.
                if (_time.GetElapsedTime(renewed) < TimerBlobs.LeaseTime - RenewInterval)
                    continue;
                await _lost.CancelAsync().ConfigureAwait(false);
                return;
            }
        }
    }
}
