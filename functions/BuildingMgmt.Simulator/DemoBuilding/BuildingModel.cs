namespace BuildingMgmt.Simulator.DemoBuilding;

/// <summary>The demo building's state, moved forward in fixed steps. Not for use by several threads.</summary>
internal sealed class BuildingModel
{
    private readonly People _people;
    private readonly Weather _weather;
    private readonly TimeZoneInfo _timeZone;
    private readonly ZoneClimate[] _zones;
    private readonly int[] _counts;
    private readonly FloorState[] _floors;
    private readonly TimeSpan _step;

    /// <param name="seed">Weather, people and noise follow from it.</param>
    /// <param name="start">Moment of the first state. Rooms begin at 20.5 °C and forget that within two days.</param>
    /// <param name="step">At most 120 s.</param>
    public BuildingModel(int seed, DateTimeOffset start, TimeSpan step)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(step, TimeSpan.FromSeconds(120));
        _timeZone = TimeZoneInfo.FindSystemTimeZoneById(BuildingPlan.TimeZone);
        _people = new People(seed, _timeZone, BuildingPlan.Floors);
        _weather = new Weather(seed);
        _step = step;
        _zones = [.. BuildingPlan.Floors.SelectMany(
            floor => floor.Zones, (floor, zone) => new ZoneClimate(zone, SmoothNoise.Seed(seed, $"{floor.Name}/{zone.Name}")))];
        _counts = new int[_zones.Length];
        var first = 0;
        _floors = new FloorState[BuildingPlan.Floors.Count];
        for (var floor = 0; floor < _floors.Length; floor++)
        {
            var count = BuildingPlan.Floors[floor].Zones.Count;
            _floors[floor] = new FloorState(_zones[first..(first + count)], new AirHandling());
            first += count;
        }

        Time = start;
        Weather = _weather.At(start);
    }

    public DateTimeOffset Time { get; private set; }

    public WeatherSample Weather { get; private set; }

    /// <summary>In the order of <see cref="BuildingPlan.Floors"/>.</summary>
    public IReadOnlyList<FloorState> Floors => _floors;

    /// <summary>Takes steps as long as a whole one fits before <paramref name="time"/>.</summary>
    public void AdvanceTo(DateTimeOffset time)
    {
        while (Time + _step <= time)
            Step();
    }

    private void Step()
    {
        Time += _step;
        Weather = _weather.At(Time);
        var local = TimeZoneInfo.ConvertTime(Time, _timeZone);
        _people.CountByZone(Time, _counts);
        var seconds = _step.TotalSeconds;
        var zone = 0;
        foreach (var floor in _floors)
        {
            double flow = 0, flowMax = 0, heat = 0;
            foreach (var climate in floor.Zones)
            {
                climate.Step(Weather, floor.Air, _counts[zone++], local, seconds);
                flow += climate.AirflowM3PerHour;
                flowMax += climate.Plan.AirflowMax;
                heat += climate.TemperatureC * climate.Plan.VolumeM3;
            }

            floor.Air.Step(Weather, heat / floor.VolumeM3, flow, flowMax, seconds);
        }
    }
}

/// <summary>One floor: its zones, in the order of the plan, and the unit that gives them air.</summary>
internal sealed record FloorState(IReadOnlyList<ZoneClimate> Zones, AirHandling Air)
{
    public double VolumeM3 { get; } = Zones.Sum(zone => zone.Plan.VolumeM3);
}
