using BuildingMgmt.Simulator.Gateways;

namespace BuildingMgmt.Simulator.FaultLab;

/// <summary>One way in which a gateway misbehaves. Batches pass through it; it may change them, hold them, or add to them.</summary>
internal abstract class Fault
{
    /// <summary>As the <c>--faults</c> option names it.</summary>
    public abstract string Name { get; }

    /// <summary>Batches it has touched.</summary>
    public long Touched { get; protected set; }

    /// <summary>What goes out in place of a batch, in order; nothing while it is held.</summary>
    public abstract IEnumerable<GatewayBatch> Pass(GatewayBatch batch, DateTimeOffset now);

    /// <summary>Held batches whose time has come.</summary>
    public virtual IEnumerable<GatewayBatch> Release(DateTimeOffset now) => [];

    /// <summary>Held batches, all of them: the gateway is being stopped.</summary>
    public virtual IEnumerable<GatewayBatch> Drain() => [];
}

/// <summary>A gateway's faults, one behind the other.</summary>
internal sealed class FaultChain(IReadOnlyList<Fault> faults)
{
    public IReadOnlyList<Fault> Faults => faults;

    /// <summary>Passes a batch through all faults.</summary>
    public IReadOnlyList<GatewayBatch> Pass(GatewayBatch batch, DateTimeOffset now) => PassFrom(0, [batch], now);

    /// <summary>Lets go of what is due; call it as time goes on, whether or not there is a batch.</summary>
    public IReadOnlyList<GatewayBatch> Release(DateTimeOffset now) => Free(fault => fault.Release(now), now);

    /// <summary>Lets go of everything.</summary>
    public IReadOnlyList<GatewayBatch> Drain(DateTimeOffset now) => Free(fault => fault.Drain(), now);

    private List<GatewayBatch> Free(Func<Fault, IEnumerable<GatewayBatch>> held, DateTimeOffset now)
    {
        var freed = new List<GatewayBatch>();
        for (var index = 0; index < faults.Count; index++)
            freed.AddRange(PassFrom(index + 1, [.. held(faults[index])], now));
        return freed;
    }

    private GatewayBatch[] PassFrom(int index, GatewayBatch[] batches, DateTimeOffset now)
    {
        for (; index < faults.Count && batches.Length > 0; index++)
        {
            var fault = faults[index];
            batches = [.. batches.SelectMany(batch => fault.Pass(batch, now))];
        }

        return batches;
    }
}
