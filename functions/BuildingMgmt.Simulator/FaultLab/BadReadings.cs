using System.Globalization;
using BuildingMgmt.Simulator.Gateways;

namespace BuildingMgmt.Simulator.FaultLab;

/// <summary>
/// Readings and whole events that cannot be stored. The system dead-letters each bad reading with its reason and stores
/// the others of the batch; an event that cannot be read is dead-lettered whole. An enormous but finite value is a
/// reading all the same: it is stored, as suspect.
/// </summary>
internal sealed class BadReadings(int seed, double share = 0.1) : Fault
{
    private const double Enormous = 1e300;

    private readonly Random _random = new(seed);

    public override string Name => "bad";

    public override IEnumerable<GatewayBatch> Pass(GatewayBatch batch, DateTimeOffset now)
    {
        if (batch.Elements.Count == 0 || _random.NextDouble() >= share)
            return [batch];

        Touched++;
        var element = batch.Elements[_random.Next(batch.Elements.Count)];
        return _random.Next(5) switch
        {
            // The damaged event is one more, not in place of the batch: a gateway that keeps its readings sends them again.
            0 => [batch with { BatchId = batch.BatchId + "-damaged", Damage = (EventDamage)_random.Next(1, 5) }, batch],
            1 => [batch with { Elements = [.. batch.Elements, Exaggerate(element)] }],
            _ => [batch with { Malformed = [.. Enumerable.Range(0, _random.Next(1, 4)).Select(_ => Spoil(element))] }],
        };
    }

    private static BatchElement Exaggerate(BatchElement element)
    {
        var time = Beside(element);
        return new BatchElement(element.SensorId, time, [element.Readings[0] with { Timestamp = time, Value = Enormous }]);
    }

    private MalformedElement Spoil(BatchElement element)
    {
        var sensor = element.SensorId.ToString();
        var time = Beside(element).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);
        var metric = element.Readings[0].Metric;
        return _random.Next(9) switch
        {
            0 => Bad(RefusalReason.UnknownSensor, Element(StrangeSensor(), time, metric, "21.5")),
            1 => Bad(RefusalReason.UnknownMetric, Element(sensor, time, "phlogiston", "21.5")),
            2 => Bad(RefusalReason.NotANumber, Element(sensor, time, metric, "\"NaN\"")),
            3 => Bad(RefusalReason.NotANumber, Element(sensor, time, metric, "\"twenty-one\"")),
            4 => Bad(RefusalReason.NotANumber, Element(sensor, time, metric, "null")),
            // Beyond the range of double: it reads as infinity.
            5 => Bad(RefusalReason.NotANumber, Element(sensor, time, metric, "1e400")),
            6 => Bad(RefusalReason.Malformed, $$$"""{"sensor_id":"{{{sensor}}}","data":{"{{{metric}}}":21.5}}"""),
            7 => Bad(RefusalReason.Malformed, Element(sensor, "yesterday", metric, "21.5")),
            _ => Bad(RefusalReason.Malformed, Element("not-an-id", time, metric, "21.5")),
        };
    }

    // Half a second off, so that it never falls upon a good reading of the same point.
    private static DateTimeOffset Beside(BatchElement element) => element.Timestamp.AddMilliseconds(-500);

    private string StrangeSensor()
    {
        Span<byte> id = stackalloc byte[16];
        _random.NextBytes(id);
        return new Guid(id).ToString();
    }

    private static MalformedElement Bad(RefusalReason reason, string json) => new(json, reason);

    private static string Element(string sensor, string time, string metric, string value) =>
        $$$"""{"sensor_id":"{{{sensor}}}","timestamp":"{{{time}}}","data":{"{{{metric}}}":{{{value}}}}}""";
}
