using BuildingMgmt.Simulator.Gateways;

namespace BuildingMgmt.Simulator.FaultLab;

/// <summary>
/// Sends a batch twice: as it was (a lost acknowledgement), or its readings in a batch with another id (a gateway that
/// restarts from an old position). The system stores each reading once and counts the others as duplicates.
/// </summary>
internal sealed class Doubles(int seed, double share = 0.2) : Fault
{
    private readonly Random _random = new(seed);

    public override string Name => "doubles";

    public override IEnumerable<GatewayBatch> Pass(GatewayBatch batch, DateTimeOffset now)
    {
        if (_random.NextDouble() >= share)
            return [batch];
        Touched++;
        return [batch, _random.Next(2) == 0 ? batch : batch with { BatchId = batch.BatchId + "-again" }];
    }
}
