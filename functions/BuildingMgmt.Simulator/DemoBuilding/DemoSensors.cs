using BuildingMgmt.Database;

namespace BuildingMgmt.Simulator.DemoBuilding;

/// <summary>One measured quantity of a sensor: how it is read off the model and how a device of its price shows it.</summary>
/// <param name="NoiseDeviation">Spread of single readings.</param>
/// <param name="BiasDeviation">Spread between devices; one device is off by the same all its life.</param>
/// <param name="Resolution">The last digit that the device shows.</param>
internal sealed record DemoPoint(
    string Metric,
    string Unit,
    double PlausibleMin,
    double PlausibleMax,
    double Resolution,
    double NoiseDeviation,
    double BiasDeviation,
    Func<BuildingModel, double> Read);

/// <summary>A sensor of the demo building.</summary>
/// <param name="IntervalSeconds">It reports once in this time.</param>
internal sealed record DemoSensor(
    Guid SensorId, string Floor, string? Zone, string Name, string Type, int IntervalSeconds, IReadOnlyList<DemoPoint> Points);

/// <summary>All sensors of the demo building, by floor.</summary>
internal static class DemoSensors
{
    public static IReadOnlyList<DemoSensor> Create()
    {
        var sensors = new List<DemoSensor>();
        for (var floor = 0; floor < BuildingPlan.Floors.Count; floor++)
        {
            var plan = BuildingPlan.Floors[floor];
            for (var zone = 0; zone < plan.Zones.Count; zone++)
                AddZone(sensors, plan, floor, zone);
            AddAirHandling(sensors, plan, floor);
        }

        AddWeather(sensors, BuildingPlan.Floors[^1]);
        return sensors;
    }

    /// <summary>The building as the catalogue knows it.</summary>
    public static BuildingSpec Specification(IReadOnlyList<GatewaySpec> gateways)
    {
        var building = DemoNames.Building;
        var sensors = Create().ToLookup(sensor => sensor.Floor);
        return new BuildingSpec(
            StableId.Create(building),
            BuildingPlan.BuildingName,
            BuildingPlan.TimeZone,
            [.. BuildingPlan.Floors.Select(floor => new FloorSpec(
                StableId.Create(DemoNames.Floor(floor.Name)),
                floor.Name,
                [.. sensors[floor.Name].Select(sensor => new SensorSpec(
                    sensor.SensorId, sensor.Name, sensor.Type, sensor.Zone,
                    [.. sensor.Points.Select(point => new PointSpec(
                        point.Metric, point.Unit, point.PlausibleMin, point.PlausibleMax, sensor.IntervalSeconds))]))]))],
            gateways);
    }

    private static void AddZone(List<DemoSensor> sensors, FloorPlan floor, int floorIndex, int zoneIndex)
    {
        var plan = floor.Zones[zoneIndex];
        ZoneClimate Zone(BuildingModel model) => model.Floors[floorIndex].Zones[zoneIndex];
        void Add(string name, string type, int intervalSeconds, params DemoPoint[] points) =>
            sensors.Add(Sensor(floor, plan.Name, $"{plan.Name} {name}", type, intervalSeconds, points));

        Add("climate", "climate", 30,
            new DemoPoint("temperature", "°C", 5, 45, 0.01, 0.03, 0.2, model => Zone(model).TemperatureC),
            new DemoPoint("humidity", "%", 0, 100, 0.1, 0.15, 1.2, model => Zone(model).RelativeHumidityPercent),
            new DemoPoint("co2", "ppm", 350, 5000, 1, 4, 12, model => Zone(model).Co2Ppm));
        Add("light", "light", 20,
            new DemoPoint("light", "lx", 0, 20_000, 1, 1.5, 0, model => Zone(model).LightLux));
        Add("people counter", "occupancy", 10,
            new DemoPoint("occupancy", "persons", 0, 200, 1, 0, 0, model => Zone(model).People));
        Add("air valve", "vav", 30,
            new DemoPoint("airflow", "m³/h", 0, 5000, 1, 4, 0, model => Zone(model).AirflowM3PerHour),
            new DemoPoint("valve", "%", 0, 100, 0.1, 0, 0, model => 100 * Zone(model).AirValve));
        Add("meter", "meter", 10,
            new DemoPoint("power", "W", 0, 50_000, 1, 2, 0, model => Zone(model).PowerWatts),
            new DemoPoint("energy_today", "kWh", 0, 2000, 0.001, 0, 0, model => Zone(model).EnergyTodayKWh));
        if (plan.RadiatorWattsMax > 0)
        {
            Add("radiator", "radiator", 60,
                new DemoPoint("valve", "%", 0, 100, 0.1, 0, 0, model => 100 * Zone(model).RadiatorValve),
                new DemoPoint("heating_setpoint", "°C", 5, 30, 0.1, 0, 0, model => Zone(model).HeatingSetpointC));
        }

        for (var desk = 1; desk <= plan.DeskSensors; desk++)
        {
            // A desk by the window is warmer in the sun and cooler at night than one inside: a spread beside the bias.
            var towardsWindow = (desk % 4) / 8.0;
            Add($"desk {desk}", "desk", 60,
                new DemoPoint("temperature", "°C", 5, 45, 0.1, 0.05, 0.35, model =>
                    Zone(model).TemperatureC + (towardsWindow * 0.04 * (model.Weather.TemperatureC - Zone(model).TemperatureC))));
        }
    }

    private static void AddAirHandling(List<DemoSensor> sensors, FloorPlan floor, int floorIndex)
    {
        AirHandling Unit(BuildingModel model) => model.Floors[floorIndex].Air;
        sensors.Add(Sensor(floor, null, "air handling", "ahu", 30,
            new DemoPoint("supply_temperature", "°C", 5, 50, 0.1, 0.05, 0.2, model => Unit(model).SupplyTemperatureC),
            new DemoPoint("return_temperature", "°C", 5, 50, 0.1, 0.05, 0.2, model => Unit(model).ReturnTemperatureC),
            new DemoPoint("airflow", "m³/h", 0, 30_000, 10, 20, 0, model => Unit(model).AirflowM3PerHour),
            new DemoPoint("fan_power", "W", 0, 20_000, 1, 3, 0, model => Unit(model).FanWatts),
            new DemoPoint("coil_power", "W", -200_000, 200_000, 10, 20, 0, model => Unit(model).CoilWatts)));
    }

    private static void AddWeather(List<DemoSensor> sensors, FloorPlan floor) =>
        sensors.Add(Sensor(floor, null, "roof weather station", "weather", 60,
            new DemoPoint("outside_temperature", "°C", -30, 45, 0.1, 0.05, 0.1, model => model.Weather.TemperatureC),
            new DemoPoint("outside_humidity", "%", 0, 100, 0.1, 0.3, 1, model => model.Weather.RelativeHumidityPercent),
            new DemoPoint("irradiance", "W/m²", 0, 1400, 1, 2, 0, model => model.Weather.LevelWattsPerM2)));

    private static DemoSensor Sensor(
        FloorPlan floor, string? zone, string name, string type, int intervalSeconds, params DemoPoint[] points) =>
        new(StableId.Create(DemoNames.Sensor(floor.Name, name)), floor.Name, zone, name, type, intervalSeconds, points);
}

/// <summary>The names from which the demo building's ids are made.</summary>
internal static class DemoNames
{
    public const string Building = "building/" + BuildingPlan.BuildingName;

    public static string Floor(string floor) => $"{Building}/floor/{floor}";

    public static string Sensor(string floor, string sensor) => $"{Floor(floor)}/sensor/{sensor}";

    /// <summary>One gateway for each floor: <c>demo-floor-0</c> and up.</summary>
    public static IReadOnlyList<string> Gateways { get; } = [.. BuildingPlan.Floors.Index().Select(floor => $"demo-floor-{floor.Index}")];
}
