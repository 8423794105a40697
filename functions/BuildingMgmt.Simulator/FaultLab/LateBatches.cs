using BuildingMgmt.Simulator.Gateways;

namespace BuildingMgmt.Simulator.FaultLab;

/// <summary>
/// Some batches arrive long after those behind them. The system stores them, and they change a latest value only where
/// they are newer than what it shows.
/// </summary>
internal sealed class LateBatches(int seed, TimeSpan delayMax, double share = 0.1) : Fault
{
    private readonly Random _random = new(seed);
    private readonly PriorityQueue<GatewayBatch, DateTimeOffset> _held = new();

    public override string Name => "late";

    public override IEnumerable<GatewayBatch> Pass(GatewayBatch batch, DateTimeOffset now)
    {
        if (_random.NextDouble() >= share)
            return [batch];
        Touched++;
        _held.Enqueue(batch, now + (_random.NextDouble() * delayMax));
        return [];
    }

    public override IEnumerable<GatewayBatch> Release(DateTimeOffset now)
    {
        while (_held.TryPeek(out _, out var due) && due <= now)
            yield return _held.Dequeue();
    }

    public override IEnumerable<GatewayBatch> Drain()
    {
        while (_held.TryDequeue(out var batch, out _))
            yield return batch;
    }
}
