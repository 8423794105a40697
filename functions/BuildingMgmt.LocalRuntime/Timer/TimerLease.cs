using Azure;
using Azure.Storage.Blobs.Specialized;

namespace BuildingMgmt.LocalRuntime.Timer;

/// <summary>The right to run one timer, renewed until it is given back or lost.</summary>
internal sealed class TimerLease : IAsyncDisposable
{
    private static readonly TimeSpan RenewInterval = TimeSpan.FromSeconds(4);

    private readonly BlobLeaseClient _lease;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _lost;
    private readonly CancellationTokenSource _end = new();
    private readonly Task _renewing;

    /// <param name="asked">When the lease was asked for, as a timestamp of <paramref name="time"/>.</param>
    public TimerLease(BlobLeaseClient lease, long asked, TimeProvider time)
    {
        _lease = lease;
        _time = time;
        _lost = new CancellationTokenSource(Left(asked), time);
        Lost = _lost.Token;
        _renewing = RenewAsync();
    }

    /// <summary>Cancelled when another process may have the lease, also while storage does not answer.</summary>
    public CancellationToken Lost { get; }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync().ConfigureAwait(false);
        await _renewing.ConfigureAwait(false);
        if (!Lost.IsCancellationRequested)
            await ReleaseAsync().ConfigureAwait(false);
        _lost.Dispose();
        _end.Dispose();
    }

    private async Task RenewAsync()
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(_end.Token, Lost);
        while (true)
        {
            try
            {
                await Task.Delay(RenewInterval, _time, over.Token).ConfigureAwait(false);
                var asked = _time.GetTimestamp();
                await _lease.RenewAsync(cancellationToken: over.Token).ConfigureAwait(false);
                _lost.CancelAfter(Left(asked));
            }
            catch (OperationCanceledException) when (over.IsCancellationRequested)
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
            }
        }
    }

    // Storage counts from a moment between the question and the answer; from the question on is never too long.
    private TimeSpan Left(long asked)
    {
        var left = TimerBlobs.LeaseTime - _time.GetElapsedTime(asked);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private async Task ReleaseAsync()
    {
        try
        {
            await _lease.ReleaseAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException)
        {
            // It expires by itself.
        }
    }
}
