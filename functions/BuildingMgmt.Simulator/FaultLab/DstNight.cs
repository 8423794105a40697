using BuildingMgmt.Simulator.Gateways;

namespace BuildingMgmt.Simulator.FaultLab;

/// <summary>
/// A gateway that takes its local clock for a clock without summer time: in the night on which the clock goes back, it
/// stamps one hour of readings with the times of the hour before. Of two readings with one point and time the system
/// keeps the first; the second is a duplicate by the rule, whatever its value.
/// </summary>
/// <param name="goesBackAt">The moment at which the clock goes back by an hour.</param>
internal sealed class DstNight(DateTimeOffset goesBackAt) : Fault
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    public override string Name => "dst";

    public override IEnumerable<GatewayBatch> Pass(GatewayBatch batch, DateTimeOffset now)
    {
        if (!batch.Elements.Any(element => IsRepeated(element.Timestamp)))
            return [batch];
        Touched++;
        return
        [
            batch with
            {
                Elements = [.. batch.Elements.Select(element =>
                    IsRepeated(element.Timestamp) ? ClockShift.Of(element, -Hour) : element)],
            },
        ];
    }

    private bool IsRepeated(DateTimeOffset timestamp) => timestamp >= goesBackAt && timestamp < goesBackAt + Hour;
}
