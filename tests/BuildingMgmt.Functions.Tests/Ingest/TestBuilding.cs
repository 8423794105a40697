using BuildingMgmt.Database;
using BuildingMgmt.Functions.Catalogue;

namespace BuildingMgmt.Functions.Tests.Ingest;

/// <summary>
/// Two buildings as ingest sees them. "Tower" keeps everything: floors 0 and 1 with sensors 0 to 4 each, that measure temperature
/// (plausible from -30 to 60), co2 and "Ä b", and gateways gw, gw-1, gw0 to gw3. "Archive" keeps readings for 30 days and has one
/// sensor, and gateway archive é.
/// </summary>
internal static class TestBuilding
{
    public const int SensorsPerFloor = 5;

    public const string ArchiveGateway = "archive é";

    public static readonly string[] Metrics = ["temperature", "co2", "Ä b"];

    public static readonly DateTimeOffset Now = new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero);

    public static readonly BuildingSpec Tower = Building("Tower", floors: 2, SensorsPerFloor, "gw", "gw-1", "gw0", "gw1", "gw2", "gw3");

    public static readonly BuildingSpec Archive = Building("Archive", floors: 1, sensors: 1, ArchiveGateway);

    public static readonly Guid UnknownSensor = StableId.Create("sensor that nobody installed");

    public static Guid Floor(int floor) => Tower.Floors[floor].FloorId;

    public static Guid Sensor(int floor, int sensor) => Tower.Floors[floor].Sensors[sensor].SensorId;

    public static Guid ArchiveSensor => Archive.Floors[0].Sensors[0].SensorId;

    /// <summary>A snapshot as the loader would make it, without a database. Point ids begin at 101.</summary>
    public static CatalogueSnapshot Snapshot()
    {
        var buildings = new List<CatalogueBuilding>();
        var floors = new List<CatalogueFloor>();
        var sensors = new List<CatalogueSensor>();
        var senders = new List<CatalogueSender> { new("http:viewer", IsGateway: false, IsActive: true, Buildings: null) };
        foreach (var spec in new[] { Tower, Archive })
        {
            var building = new CatalogueBuilding(spec.BuildingId, spec.Name, spec.TimeZone, spec == Archive ? 30 : null);
            buildings.Add(building);
            senders.AddRange(spec.Gateways.Select(gateway => new CatalogueSender(gateway.GatewayId, IsGateway: true, IsActive: true, [building])));
            foreach (var floor in spec.Floors)
            {
                sensors.AddRange(floor.Sensors.Select(sensor =>
                    new CatalogueSensor(sensor.SensorId, sensor.Name, sensor.Type, SensorStatus.Active, null, floors.Count)));
                floors.Add(new CatalogueFloor(floor.FloorId, floor.Name, building));
            }
        }

        var specs = new[] { Tower, Archive }.SelectMany(spec => spec.Floors).SelectMany(floor => floor.Sensors).ToDictionary(sensor => sensor.SensorId);
        var pointId = 101;
        foreach (var sensor in sensors)
            sensor.AddPoints([.. specs[sensor.SensorId].Points.Select(point => new CataloguePoint(pointId++, sensor, Kind(point)))]);
        var structure = new CatalogueStructure(
            buildings,
            [.. floors],
            floors.Index().ToDictionary(pair => pair.Item.FloorId, pair => pair.Index),
            new CatalogueSenders([.. senders, new("left", IsGateway: true, IsActive: false, [buildings[0]])]));
        var orders = sensors.ToLookup(sensor => floors[sensor.FloorIndex].FloorId, sensor => sensor.SensorId);
        return CatalogueSnapshot.Empty.With(new CatalogueStamp(1, Guid.NewGuid()), structure, [], sensors, orders)!;
    }

    private static PointKind Kind(PointSpec point) => new(
        new MetricName(point.Metric),
        point.Unit,
        point.PlausibleMin ?? double.NegativeInfinity,
        point.PlausibleMax ?? double.PositiveInfinity,
        point.IntervalSeconds);

    private static BuildingSpec Building(string name, int floors, int sensors, params string[] gateways) => new(
        StableId.Create($"ingest tests/{name}"),
        name,
        "Europe/Amsterdam",
        [.. Enumerable.Range(0, floors).Select(floor => new FloorSpec(
            StableId.Create($"ingest tests/{name}/{floor}"),
            $"floor {floor}",
            [.. Enumerable.Range(0, sensors).Select(sensor => new SensorSpec(
                StableId.Create($"ingest tests/{name}/{floor}/{sensor}"),
                $"sensor {sensor}",
                "climate",
                null,
                [new PointSpec("temperature", "degC", -30, 60, 60), new PointSpec("co2", "ppm", null, null, 60), new PointSpec("Ä b", "", null, null, 60)]))]))],
        [.. gateways.Select(gateway => new GatewaySpec(gateway, "a secret of the tests"))]);
}
