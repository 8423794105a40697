using Azure.Messaging.EventHubs;
using BuildingMgmt.LocalRuntime.Functions;
using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>What all partitions of one trigger share.</summary>
internal sealed record PartitionWork(
    LoadedFunction Function,
    HubAddress Address,
    string ConsumerGroup,
    string Instance,
    EventHubSettings Settings,
    PartitionBlobs Blobs,
    FunctionRunner Runner,
    TimeProvider Time,
    ILogger Logger);

/// <summary>
/// Works off one partition for as long as this instance owns it: reads batches in order, runs the function, moves the checkpoint, and
/// connects again after the endpoint was away.
/// </summary>
internal sealed class PartitionWorker
{
    private static readonly TimeSpan ReconnectMin = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ReconnectMax = TimeSpan.FromSeconds(5);

    private readonly PartitionWork _work;
    private readonly string _partition;
    private readonly CheckpointWriter _checkpoints;
    private readonly PartitionBindingData _bindingData;
    private readonly CancellationTokenSource _stopReceiving = new();
    private readonly CancellationTokenSource _cancelRuns = new();
    private readonly Task _running;
    private StartPosition? _position;
    private int _batches;

    /// <param name="previous">The end of a worker of the same partition; this one waits for it.</param>
    public PartitionWorker(PartitionWork work, string partition, Task previous)
    {
        _work = work;
        _partition = partition;
        _checkpoints = new CheckpointWriter(work.Blobs, partition, work.Instance, work.Time, work.Logger);
        _bindingData = new PartitionBindingData(work.Address, work.ConsumerGroup, partition);
        _running = Task.Run(() => RunAfterAsync(previous));
    }

    /// <summary>Completed when another instance has taken the partition, or the worker was stopped.</summary>
    public bool HasEnded => _running.IsCompleted;

    /// <summary>Another instance has the partition: a batch that is running is told so, and no checkpoint moves any more.</summary>
    public async Task AbandonAsync()
    {
        // First, because a function may be slow to hear.
        var checkpoints = _checkpoints.AbandonAsync();
        await _stopReceiving.CancelAsync().ConfigureAwait(false);
        await _cancelRuns.CancelAsync().ConfigureAwait(false);
        await checkpoints.ConfigureAwait(false);
        await _running.ConfigureAwait(false);
    }

    /// <summary>Reads nothing more, lets a running batch end, and writes its checkpoint.</summary>
    /// <param name="cancelRuns">Tells a running batch that time is up.</param>
    public async Task StopAsync(CancellationToken cancelRuns)
    {
        await _stopReceiving.CancelAsync().ConfigureAwait(false);
        await using var registration = cancelRuns.UnsafeRegister(
            static runs => ((CancellationTokenSource)runs!).Cancel(), _cancelRuns).ConfigureAwait(false);
        await _running.ConfigureAwait(false);
        await _checkpoints.FlushAsync().ConfigureAwait(false);
    }

    private bool CheckpointIsNext => (_batches + 1) % _work.Settings.BatchCheckpointFrequency == 0;

    private async Task RunAfterAsync(Task previous)
    {
        await previous.ConfigureAwait(false);
        await RunAsync().ConfigureAwait(false);
    }

    private async Task RunAsync()
    {
        var delay = ReconnectMin;
        while (!_stopReceiving.IsCancellationRequested)
        {
            try
            {
                var start = _position ??= await FirstPositionAsync().ConfigureAwait(false);
                var receiver = await HubReceiver.OpenAsync(
                    _work.Address, _work.ConsumerGroup, _partition, start, _work.Settings.Prefetch, _work.Instance, Undecodable, _work.Time,
                    _stopReceiving.Token).ConfigureAwait(false);
                await using (receiver.ConfigureAwait(false))
                {
                    if (delay > ReconnectMin)
                        _work.Logger.PartitionConnectedAgain(_partition, _work.Address);
                    delay = ReconnectMin;
                    await ReceiveAsync(receiver).ConfigureAwait(false);
                }
            }
            catch (OperationCanceledException) when (_stopReceiving.IsCancellationRequested)
            {
                return;
            }
            catch (EventHubsException e) when (e.Reason == EventHubsException.FailureReason.ConsumerDisconnected)
            {
                _work.Logger.PartitionTaken(_partition, _work.Address);
                await _checkpoints.AbandonAsync().ConfigureAwait(false);
                return;
            }
            catch (PositionUnknownException e) when (_position != StartPosition.Earliest)
            {
                _work.Logger.PositionUnknown(e, _partition, _work.Address);
                _position = StartPosition.Earliest;
            }
            catch (Exception e)
            {
                // Said once for each time that the endpoint or storage goes away.
                if (delay == ReconnectMin)
                    _work.Logger.PartitionDisconnected(e, _partition, _work.Address);
                try
                {
                    await Task.Delay(delay * (0.8 + (Random.Shared.NextDouble() * 0.4)), _work.Time, _stopReceiving.Token).ConfigureAwait(false);
                }
                catch (OperationCanceledException)
                {
                    return;
                }

                delay = delay * 2 < ReconnectMax ? delay * 2 : ReconnectMax;
            }
        }
    }

    private void Undecodable(EventData eventData, Exception error) =>
        _work.Logger.EventUndecodable(error, eventData.SequenceNumber, _partition, _work.Address);

    private async Task<StartPosition> FirstPositionAsync()
    {
        var checkpoint = await _work.Blobs.ReadCheckpointAsync(_partition, _stopReceiving.Token).ConfigureAwait(false);
        return checkpoint switch
        {
            { Offset: { } offset } => StartPosition.AfterOffset(offset),
            { SequenceNumber: { } number } => StartPosition.AfterSequenceNumber(number),
            _ => _work.Settings.InitialPosition,
        };
    }

    private async Task ReceiveAsync(HubReceiver receiver)
    {
        var settings = _work.Settings;
        var single = _work.Function.Trigger is EventHubTriggerAttribute { IsBatched: false };
        var batch = new List<EventData>(settings.MaxEventBatchSize);
        while (true)
        {
            await receiver.WaitAsync(_stopReceiving.Token).ConfigureAwait(false);
            receiver.Read(batch, settings.MaxEventBatchSize);
            if (!single && batch.Count < settings.MinEventBatchSize)
                await FillAsync(receiver, batch).ConfigureAwait(false);
            if (batch.Count == 0)
                continue;

            var last = batch[^1];
            var finished = single ? await RunEachAsync(batch).ConfigureAwait(false) : await RunBatchAsync([.. batch]).ConfigureAwait(false);
            batch.Clear();
            if (!finished)
                throw new OperationCanceledException(_stopReceiving.Token);
            _batches++;
            if (last.SequenceNumber == long.MinValue)
                continue; // Its place could not be read, nor that of any before it: the next event's will do.
            _position = last.OffsetString is { } offset ? StartPosition.AfterOffset(offset) : StartPosition.AfterSequenceNumber(last.SequenceNumber);

            // The checkpoint moves when the function threw as well: Event Hubs knows no poisoned events.
            if (_batches % settings.BatchCheckpointFrequency == 0)
                _checkpoints.Advance(last);
        }
    }

    private async Task FillAsync(HubReceiver receiver, List<EventData> batch)
    {
        using var longest = new CancellationTokenSource(_work.Settings.MaxWaitTime, _work.Time);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(_stopReceiving.Token, longest.Token);
        try
        {
            while (batch.Count < _work.Settings.MinEventBatchSize)
            {
                await receiver.WaitAsync(waiting.Token).ConfigureAwait(false);
                receiver.Read(batch, _work.Settings.MaxEventBatchSize);
            }
        }
        catch (OperationCanceledException) when (!_stopReceiving.IsCancellationRequested)
        {
            // Time is up: a smaller batch goes.
        }
    }

    private async Task<bool> RunBatchAsync(EventData[] events) =>
        await _work.Runner.RunAsync(_work.Function, events, _bindingData.Batch(events, CheckpointIsNext), _cancelRuns.Token).ConfigureAwait(false) != RunEnd.Cancelled;

    private async Task<bool> RunEachAsync(List<EventData> events)
    {
        foreach (var eventData in events)
        {
            var end = await _work.Runner.RunAsync(_work.Function, eventData, _bindingData.Single(eventData, CheckpointIsNext), _cancelRuns.Token).ConfigureAwait(false);
            if (end == RunEnd.Cancelled)
                return false;
        }

        return true;
    }
}
