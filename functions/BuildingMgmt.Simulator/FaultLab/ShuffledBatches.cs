using BuildingMgmt.Simulator.Gateways;

namespace BuildingMgmt.Simulator.FaultLab;

/// <summary>
/// The batches of a while in any order, and the readings of each in any order. The system stores them all, and the
/// latest value of a point is the newest by its own timestamp, whichever came last.
/// </summary>
/// <param name="window">Batches that are shuffled together.</param>
internal sealed class ShuffledBatches(int seed, int window = 6) : Fault
{
    private readonly Random _random = new(seed);
    private readonly List<GatewayBatch> _held = [];

    public override string Name => "shuffled";

    public override IEnumerable<GatewayBatch> Pass(GatewayBatch batch, DateTimeOffset now)
    {
        _held.Add(batch);
        return _held.Count < window ? [] : Drain();
    }

    public override IEnumerable<GatewayBatch> Drain()
    {
        var held = _held.ToArray();
        _held.Clear();
        _random.Shuffle(held);
        Touched += held.Length;
        return [.. held.Select(Shuffle)];
    }

    private GatewayBatch Shuffle(GatewayBatch batch)
    {
        var elements = batch.Elements.ToArray();
        _random.Shuffle(elements);
        return batch with { Elements = elements };
    }
}
