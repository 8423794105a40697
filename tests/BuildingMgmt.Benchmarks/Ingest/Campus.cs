using System.Globalization;
using System.Text;
using BuildingMgmt.Database;

namespace BuildingMgmt.Benchmarks.Ingest;

/// <summary>One row as it must stand in <c>reading</c>: sensor and metric by index, time in UTC.</summary>
internal readonly record struct CampusReading(int Sensor, int Metric, DateTime TimeUtc, double Value);

/// <summary>
/// The building that the ingest benchmark writes to: 1,000 sensors of 4 metrics on 10 floors. Readings come in rounds, as
/// gateways send them: every sensor at one moment, then every sensor a second later.
/// </summary>
internal sealed class Campus
{
    public const int Sensors = 1_000;
    public const int Floors = 10;
    public const string GatewayId = "benchmark-gateway";

    public static readonly string[] Metrics = ["temperature", "humidity", "co2", "light"];

    public static readonly BuildingSpec Building = new(
        StableId.Create("building/benchmark"), "benchmark", "Europe/Amsterdam",
        [.. Enumerable.Range(0, Floors).Select(FloorOf)],
        [new GatewaySpec(GatewayId, "benchmark-gateway-secret-of-no-worth")]);

    public static Guid SensorId(int sensor) => StableId.Create($"building/benchmark/sensor/{sensor}");

    public static Guid FloorId(int floor) => StableId.Create($"building/benchmark/floor/{floor}");

    /// <summary>Reading number <paramref name="index"/> of a stream that starts at <paramref name="start"/>.</summary>
    public static CampusReading ReadingAt(DateTime start, long index)
    {
        var metric = (int)(index % Metrics.Length);
        var sensor = (int)(index / Metrics.Length % Sensors);
        var round = index / Metrics.Length / Sensors;
        return new CampusReading(sensor, metric, start.AddSeconds(round), 20 + metric * 10 + (index * 7919 % 1000) / 100.0);
    }

    /// <summary>The gateway batch that carries readings <paramref name="first"/> … of the stream, as UTF-8 JSON.</summary>
    public static byte[] BatchOf(DateTime start, long first, int count)
    {
        var json = new StringBuilder(count * 60);
        json.Append(CultureInfo.InvariantCulture,
            $$"""{"gateway_id":"{{GatewayId}}","batch_id":"{{start:yyyyMM}}-{{first}}","sent_at":"{{start:yyyy-MM-ddTHH:mm:ssZ}}","batch":[""");
        var sensor = -1;
        for (var index = first; index < first + count; index++)
        {
            var reading = ReadingAt(start, index);
            if (reading.Sensor != sensor)
            {
                if (sensor >= 0)
                    json.Append("}},");
                sensor = reading.Sensor;
                json.Append(CultureInfo.InvariantCulture,
                    $$"""{"sensor_id":"{{SensorIds[sensor]}}","timestamp":"{{reading.TimeUtc:yyyy-MM-ddTHH:mm:ssZ}}","data":{""");
            }
            else
            {
                json.Append(',');
            }

            json.Append(CultureInfo.InvariantCulture, $"\"{Metrics[reading.Metric]}\":{reading.Value:0.00}");
        }

        return Encoding.UTF8.GetBytes(json.Append("}}]}").ToString());
    }

    private static readonly string[] SensorIds = [.. Enumerable.Range(0, Sensors).Select(sensor => SensorId(sensor).ToString())];

    private static FloorSpec FloorOf(int floor) => new(
        FloorId(floor), $"floor {floor}",
        [.. Enumerable.Range(floor * Sensors / Floors, Sensors / Floors).Select(SensorOf)]);

    private static SensorSpec SensorOf(int sensor) => new(
        SensorId(sensor), $"sensor {sensor:000}", "climate", $"zone {sensor % 8}",
        [.. Metrics.Select(metric => new PointSpec(metric, "", null, null, 60))]);
}
