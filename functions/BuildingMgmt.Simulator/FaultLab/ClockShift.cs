using BuildingMgmt.Simulator.Gateways;

namespace BuildingMgmt.Simulator.FaultLab;

/// <summary>A batch as a gateway whose clock is off by some time would have stamped it.</summary>
internal static class ClockShift
{
    public static GatewayBatch Of(GatewayBatch batch, TimeSpan by) => batch with
    {
        SentAt = batch.SentAt + by,
        Elements = [.. batch.Elements.Select(element => Of(element, by))],
    };

    public static BatchElement Of(BatchElement element, TimeSpan by) => new(
        element.SensorId,
        element.Timestamp + by,
        [.. element.Readings.Select(reading => reading with { Timestamp = reading.Timestamp + by })]);
}
