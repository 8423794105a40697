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
        return [Clock.Shift(batch, _random.Next(2) == 0 ? ahead : -behind)];
    }
}

/// <summary>
/// A gateway that takes its local clock for a clock without summer time: in the night on which the clock goes back, it
/// stamps one hour of readings with the times of the hour before. Of two readings with one point and time the system
/// keeps the first; the second is a duplicate by the rule, whatever its value.
/// </summary>
/// <param name="goesBackAt">The moment at which the clock goes back by an hour.</param>
internal sealed class DaylightSavingNight(DateTimeOffset goesBackAt) : Fault
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
                    IsRepeated(element.Timestamp) ? Clock.Shift(element, -Hour) : element)],
            },
        ];
    }

    private bool IsRepeated(DateTimeOffset timestamp) => timestamp >= goesBackAt && timestamp < goesBackAt + Hour;
}

file static class Clock
{
    public static GatewayBatch Shift(GatewayBatch batch, TimeSpan by) => batch with
    {
        SentAt = batch.SentAt + by,
        Elements = [.. batch.Elements.Select(element => Shift(element, by))],
    };

    public static BatchElement Shift(BatchElement element, TimeSpan by) => new(
        element.SensorId,
        element.Timestamp + by,
        [.. element.Readings.Select(reading => reading with { Timestamp = reading.Timestamp + by })]);
}
