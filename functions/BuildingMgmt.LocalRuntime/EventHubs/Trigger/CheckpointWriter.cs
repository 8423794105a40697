using Azure;
using Azure.Messaging.EventHubs;
using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>
/// Writes one partition's checkpoints beside the work, the newest one only and a few a second. Storage that is away is said once; the next
/// batch tries again, and the work goes on meanwhile: after a restart a few batches come twice, none is lost.
/// </summary>
internal sealed class CheckpointWriter(PartitionBlobs blobs, string partition, string client, TimeProvider time, ILogger logger)
{
    // A write costs more than a small batch does, here and in the store; one for each of a thousand batches a second helps nobody.
    private static readonly TimeSpan Spacing = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _flushing = new();
    private readonly CancellationTokenSource _abandoned = new();
    private readonly Lock _lock = new();
    private EventData? _next;
    private Task _writing = Task.CompletedTask;
    private bool _failed;

    /// <summary>Everything up to this event was worked off.</summary>
    public void Advance(EventData last)
    {
        lock (_lock)
        {
            if (_abandoned.IsCancellationRequested)
                return;
            _next = last;
            if (_writing.IsCompleted)
                _writing = Task.Run(WriteAsync);
        }
    }

    /// <summary>Waits until the newest checkpoint was written, or could not be.</summary>
    public async Task FlushAsync()
    {
        await _flushing.CancelAsync().ConfigureAwait(false);
        Task writing;
        lock (_lock)
        {
            if (_writing.IsCompleted && _next is not null)
                _writing = Task.Run(WriteAsync);
            writing = _writing;
        }

        await writing.ConfigureAwait(false);
    }

    /// <summary>
    /// Writes nothing more, and cuts off what is on its way: a checkpoint that came late would put the next owner's back.
    /// </summary>
    public async Task AbandonAsync()
    {
        await _abandoned.CancelAsync().ConfigureAwait(false);
        await _flushing.CancelAsync().ConfigureAwait(false);
        Task writing;
        lock (_lock)
        {
            _next = null;
            writing = _writing;
        }

        await writing.ConfigureAwait(false);
    }

    private async Task WriteAsync()
    {
        while (!_abandoned.IsCancellationRequested)
        {
            EventData? last;
            lock (_lock)
            {
                last = _next;
                _next = null;
                if (last is null)
                    return;
            }

            var started = time.GetTimestamp();
            try
            {
                await blobs.WriteCheckpointAsync(partition, last.OffsetString, last.SequenceNumber, client, _abandoned.Token)
                    .ConfigureAwait(false);
                if (_failed)
                    logger.CheckpointsWrittenAgain(partition);
                _failed = false;
            }
            catch (OperationCanceledException) when (_abandoned.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is RequestFailedException or AggregateException or OperationCanceledException or IOException)
            {
                if (!_failed)
                    logger.CheckpointFailed(e, partition, last.SequenceNumber);
                _failed = true;
                lock (_lock)
                {
                    // Stays to be written unless the work has gone further; the next batch tries again, not this loop.
                    _next ??= last;
                    if (ReferenceEquals(_next, last))
                        return;
                }
            }

            var rest = Spacing - time.GetElapsedTime(started);
            if (rest > TimeSpan.Zero)
                await Task.Delay(rest, time, _flushing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
