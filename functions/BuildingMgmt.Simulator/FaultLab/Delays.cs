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

/// <summary>
/// Offline for a while, then everything at once and in order. The system takes the flood, stores it all, and does not
/// keep other gateways waiting for long.
/// </summary>
/// <param name="firstAt">Begin of the first spell.</param>
/// <param name="duration">Length of a spell.</param>
/// <param name="period">Time from the begin of one spell to that of the next.</param>
internal sealed class OfflineSpells(DateTimeOffset firstAt, TimeSpan duration, TimeSpan period) : Fault
{
    private readonly List<GatewayBatch> _held = [];

    public override string Name => "offline";

    public override IEnumerable<GatewayBatch> Pass(GatewayBatch batch, DateTimeOffset now)
    {
        if (!IsOffline(now))
            return [.. Drain(), batch];
        Touched++;
        _held.Add(batch);
        return [];
    }

    public override IEnumerable<GatewayBatch> Release(DateTimeOffset now) => IsOffline(now) ? [] : Drain();

    public override IEnumerable<GatewayBatch> Drain()
    {
        var held = _held.ToArray();
        _held.Clear();
        return held;
    }

    private bool IsOffline(DateTimeOffset now) =>
        now >= firstAt && TimeSpan.FromTicks((now - firstAt).Ticks % period.Ticks) < duration;
}
