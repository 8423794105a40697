using BuildingMgmt.Simulator.Gateways;

namespace BuildingMgmt.Simulator.FaultLab;

/// <summary>
/// A clock that is ahead for some batches and behind for others. The system dead-letters readings more than five minutes
/// ahead with that reason, and stores those behind at the time they claim: it cannot know better.
/// </summary>
internal sealed class WrongClock(int seed, TimeSpan ahead, TimeSpan behind, double share = 0.15) : Fault
{
    private readonly Random _random = new(seed);

    public override string Name => "wrong-clock";

    public override IEnumerable<GatewayBatch> Pass(GatewayBatch batch, DateTimeOffset now)
    {
        if (_random.NextDouble() >= share)
            return [batch];
        Touched++;
        return [ClockShift.Of(batch, _random.Next(2) == 0 ? ahead : -behind)];
    }
}
