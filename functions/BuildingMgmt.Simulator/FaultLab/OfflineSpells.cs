using BuildingMgmt.Simulator.Gateways;

namespace BuildingMgmt.Simulator.FaultLab;

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
