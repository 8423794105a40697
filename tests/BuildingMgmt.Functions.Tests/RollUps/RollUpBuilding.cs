using System.Globalization;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.Tests.Ingest;

namespace BuildingMgmt.Functions.Tests.RollUps;

/// <summary>
/// A building of one sensor with points of all kinds: <c>minutely</c> and <c>rare</c> (2 h) report at intervals; <c>short</c>,
/// <c>hours</c> and <c>day</c> on change, and their values hold for 15 min, 7.5 h and a day. More than 100 is suspect.
/// </summary>
internal static class RollUpBuilding
{
    public static BuildingSpec In(string timeZone) => new(
        StableId.Create($"roll-up tests/{timeZone}"),
        timeZone,
        timeZone,
        [
            new FloorSpec(StableId.Create($"roll-up tests/{timeZone}/floor"), "0",
            [
                new SensorSpec(Sensor(timeZone), "all", "climate", null,
                [
                    new PointSpec("minutely", "", null, 100, 60),
                    new PointSpec("rare", "", null, 100, 7_200),
                    new PointSpec("short", "", null, 100, 300, "on_change"),
                    new PointSpec("hours", "", null, 100, 9_000, "on_change"),
                    new PointSpec("day", "", null, 100, 40_000, "on_change"),
                ]),
            ]),
        ],
        [new GatewaySpec(Gateway(timeZone), "a secret of the tests")]);

    /// <summary>A batch of the building's gateway.</summary>
    public static string Of(string timeZone, params string[] readings) => Batch.From(Gateway(timeZone), readings);

    /// <inheritdoc cref="Of"/>
    public static string Correcting(string timeZone, params string[] readings) => Batch.CorrectingFrom(Gateway(timeZone), readings);

    /// <param name="time">Of 2026-03-10, <c>11:59:00</c>, or a whole timestamp.</param>
    public static string Reading(string timeZone, string metric, string time, double value, string quality = "good") =>
        Batch.Reading(Sensor(timeZone), time, string.Create(CultureInfo.InvariantCulture, $"\"{metric}\":{value:R}"), quality);

    private static string Gateway(string timeZone) => $"gw {timeZone}";

    private static Guid Sensor(string timeZone) => StableId.Create($"roll-up tests/{timeZone}/sensor");
}
