using System.Globalization;

namespace BuildingMgmt.Functions.Tests.Ingest;

/// <summary>Writes gateway batches.</summary>
internal static class Batch
{
    public static string Of(params string[] readings) => From("gw", readings);

    public static string From(string gatewayId, params string[] readings) =>
        $$"""{"gateway_id":"{{gatewayId}}","batch_id":"b-1","sent_at":"2026-03-10T12:00:00Z","batch":[{{string.Join(',', readings)}}]}""";

    public static string Correcting(params string[] readings) => CorrectingFrom("gw", readings);

    public static string CorrectingFrom(string gatewayId, params string[] readings) =>
        $$"""{"gateway_id":"{{gatewayId}}","batch_id":"c-1","correction":true,"batch":[{{string.Join(',', readings)}}]}""";

    /// <param name="data">Without its braces: <c>"co2":1</c>.</param>
    /// <param name="time">Of 2026-03-10, <c>11:59:00</c>, or a whole timestamp.</param>
    public static string Reading(int sensor, string time, string data, string quality = "good", int floor = 0) =>
        Reading(TestBuilding.Sensor(floor, sensor), time, data, quality);

    public static string Reading(Guid sensor, string time, string data, string quality = "good") =>
        $$"""{"sensor_id":"{{sensor}}","timestamp":"{{(time.Length > 8 ? time : $"2026-03-10T{time}Z")}}","data":{ {{data}} },"quality":"{{quality}}"}""";

    public static string Co2(int sensor, string time, double value, int floor = 0) =>
        Reading(sensor, time, string.Create(CultureInfo.InvariantCulture, $"\"co2\":{value}"), floor: floor);
}
