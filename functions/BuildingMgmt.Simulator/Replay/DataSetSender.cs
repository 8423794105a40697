using BuildingMgmt.Simulator.Gateways;

namespace BuildingMgmt.Simulator.Replay;

/// <summary>Sends a data set as its buildings' gateways would have: in order, at a multiple of real time or as fast as it goes.</summary>
/// <param name="speed">Times real time; null sends as fast as the hub takes it.</param>
internal sealed class DataSetSender(DataSet dataSet, IEventSink sink, double? speed, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private const int ReadingsPerBatchMax = 1_000;

    // Below this a pause is not worth a batch of its own.
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(50);

    private readonly Dictionary<string, BuildingGateway> _gateways = dataSet.Buildings.ToDictionary(
        building => building,
        building => new BuildingGateway(
            new BatchBuilder(ReplayGateways.Id(building), time),
            // A file can wait: nothing is lost however long the hub is away.
            new Gateway(
                ReplayGateways.Id(building), sink,
                new GatewayOptions { SpoolEventsMax = 64, WhenSpoolIsFull = SpoolFull.Wait }, time, logger)));

    /// <summary>Readings that the hub has taken so far.</summary>
    public long AcceptedReadings => _gateways.Values.Sum(building => building.Gateway.AcceptedReadings);

    /// <summary>Readings sent again because an answer was lost.</summary>
    public long UncertainReadings => _gateways.Values.Sum(building => building.Gateway.UncertainReadings);

    /// <summary>Sends all rows that have a value, and returns once the hub has them.</summary>
    /// <exception cref="HubRefusedException">The hub will not take the events.</exception>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        var started = time.GetUtcNow();
        DateTimeOffset? first = null;
        foreach (var row in dataSet.ReadRows())
        {
            if (row.IsMissing)
                continue;
            first ??= row.Timestamp;
            if (speed is { } times)
                await WaitUntilAsync(started + ((row.Timestamp - first.Value) / times), cancellationToken);

            var building = _gateways[row.Point.Building];
            building.Builder.Add(new SensorReading(row.Point.SensorId, row.Timestamp, row.Point.Metric, row.Value, row.Text));
            if (building.Builder.Count >= ReadingsPerBatchMax || building.Builder.Bytes >= BatchBuilder.BytesPerBatchMax)
                await SendBatchAsync(building, cancellationToken);
        }

        foreach (var building in _gateways.Values)
        {
            await SendBatchAsync(building, cancellationToken);
            await building.Gateway.CompleteAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var building in _gateways.Values)
            await building.Gateway.DisposeAsync();
    }

    private async Task WaitUntilAsync(DateTimeOffset due, CancellationToken cancellationToken)
    {
        if (due - time.GetUtcNow() < PauseMin)
            return;
        foreach (var building in _gateways.Values)
            await SendBatchAsync(building, cancellationToken);
        // Asked again: the spool may have made us wait.
        if (due - time.GetUtcNow() is { Ticks: > 0 } pause)
            await Task.Delay(pause, time, cancellationToken);
    }

    private static async Task SendBatchAsync(BuildingGateway building, CancellationToken cancellationToken)
    {
        if (building.Builder.Take() is { } batch)
            await building.Gateway.AddAsync(GatewayEvent.Encode(batch), cancellationToken);
    }

    private sealed record BuildingGateway(BatchBuilder Builder, Gateway Gateway);
}
