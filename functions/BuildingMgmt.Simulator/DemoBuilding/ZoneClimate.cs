namespace BuildingMgmt.Simulator.DemoBuilding;

/// <summary>
/// One zone's physics and its controller: air and mass as two heat stores (ISO 13790 in short), balances of CO2 and water,
/// a radiator and an air valve that follow the set-points, lamps that add what daylight lacks, blinds against strong sun.
/// </summary>
/// <param name="seed">What its people like follows from it.</param>
internal sealed class ZoneClimate(ZonePlan plan, ulong seed)
{
    private const double PersonWatts = 75;
    private const double PersonCo2M3PerHour = 0.018;
    private const double PersonWaterKgPerHour = 0.055;

    // Furniture and paper hold heat with the air; slabs and walls hold the rest, W·s/K.
    private readonly double _airHeat = plan.VolumeM3 * 1.2 * 1005 * 5;
    private readonly double _massHeat = plan.AreaM2 * 190_000;
    private readonly double _airToMass = plan.AreaM2 * 9;
    private readonly double _glassLoss = plan.GlassM2 * 1.3;
    private readonly double _wallLoss = plan.FacadeAzimuth is null ? 0 : plan.AreaM2 * 0.18;

    // People turn the knob by the door, in steps of half a degree, to where they like it: no two rooms are alike.
    private readonly double _wish = Math.Round(2 * Math.Clamp(0.55 * SmoothNoise.Normal(seed, 0), -1, 1)) / 2;

    private double _massC = 20.5;
    private double _radiatorIntegral;
    private double _coolingIntegral;

    public ZonePlan Plan => plan;

    public double TemperatureC { get; private set; } = 20.5;

    public double Co2Ppm { get; private set; } = Air.OutsideCo2;

    public double MoistureKgPerKg { get; private set; } = 0.006;

    public double RelativeHumidityPercent => Air.RelativeHumidityPercent(TemperatureC, MoistureKgPerKg);

    public int People { get; private set; }

    public double LightLux { get; private set; }

    /// <summary>0 to 1.</summary>
    public double RadiatorValve { get; private set; }

    /// <summary>0 to 1.</summary>
    public double AirValve { get; private set; }

    public double AirflowM3PerHour => AirValve * plan.AirflowMax;

    public double HeatingSetpointC { get; private set; } = 21;

    /// <summary>Electricity of lamps, desks and machines.</summary>
    public double PowerWatts { get; private set; }

    /// <summary>Electricity since local midnight, as the meter's display shows it.</summary>
    public double EnergyTodayKWh { get; private set; }

    /// <param name="weather">Outside.</param>
    /// <param name="air">What comes through the air valve.</param>
    /// <param name="people">In the zone now.</param>
    /// <param name="local">The building's own time.</param>
    /// <param name="seconds">Length of the step, at most 120: beyond it the two heat stores swing.</param>
    public void Step(WeatherSample weather, AirHandling air, int people, DateTimeOffset local, double seconds)
    {
        People = people;
        var sunOnGlass = plan.FacadeAzimuth is { } azimuth ? weather.OnWallWattsPerM2(azimuth) : 0;
        var shade = sunOnGlass > 280 ? 0.3 : 1;
        var lampShare = Light(sunOnGlass * shade, people, local);
        var machines = Machines(people, local);
        Control(people, local, seconds);
        Heat(weather, air, sunOnGlass * shade * plan.GlassM2 * 0.42, lampShare, machines, seconds);
        Exchange(weather, air, people, seconds);

        PowerWatts = machines + (lampShare * plan.AreaM2 * 7);
        if (local.TimeOfDay.TotalSeconds < seconds)
            EnergyTodayKWh = 0;
        EnergyTodayKWh += PowerWatts * seconds / 3.6e6;
    }

    /// <summary>Returns the lamps' share of full power.</summary>
    private double Light(double sunOnGlass, int people, DateTimeOffset local)
    {
        // About 110 lm per watt of sunlight; a fortieth of it reaches the sensor for each tenth of glass to floor.
        var daylight = sunOnGlass * 110 * plan.GlassM2 / plan.AreaM2 * 0.12;
        var lit = people > 0 || (plan.Use is ZoneUse.Lobby && AirHandling.IsDay(local));
        var wanted = plan.Use is ZoneUse.Lobby ? 200 : 500;
        var lampShare = lit ? Math.Clamp((wanted - daylight) / wanted, 0.05, 1) : 0;
        LightLux = daylight + (lampShare * wanted) + (plan.Use == ZoneUse.Equipment ? 3 : 0);
        return lampShare;
    }

    private double Machines(int people, DateTimeOffset local) => plan.Use switch
    {
        ZoneUse.Equipment => 4200 + (600 * (AirHandling.IsDay(local) ? 1 : 0)),
        ZoneUse.Kitchen => 350 + (people > 0 && local.TimeOfDay.TotalHours is > 10.5 and < 13.5 ? 2600 : people * 250),
        ZoneUse.Canteen => 250 + (people * 12),
        _ => (plan.AreaM2 * 1.5) + (people * 85),
    };

    private void Control(int people, DateTimeOffset local, double seconds)
    {
        HeatingSetpointC = AirHandling.IsHeatingDay(local) ? 21 + _wish : 16;
        if (plan.RadiatorWattsMax > 0)
            RadiatorValve = Follow(HeatingSetpointC - TemperatureC, 0.55, 5400, ref _radiatorIntegral, seconds);

        var running = plan.NeverRests || AirHandling.IsDay(local);
        if (!running)
        {
            AirValve = 0;
            _coolingIntegral = 0;
            return;
        }

        var tooWarm = Follow(TemperatureC - (23.5 + _wish), 0.4, 3600, ref _coolingIntegral, seconds);
        var stale = Math.Clamp((Co2Ppm - 650) / 450, 0, 1);
        var least = people > 0 ? 0.25 : 0.15;
        // Valves take two minutes from end to end.
        var wanted = Math.Max(least, Math.Max(tooWarm, stale));
        AirValve += Math.Clamp(wanted - AirValve, -seconds / 120, seconds / 120);
    }

    /// <summary>A PI controller with output 0 to 1, whose memory stops growing where the output stops.</summary>
    private static double Follow(double error, double gain, double resetSeconds, ref double integral, double seconds)
    {
        integral = Math.Clamp(integral + (gain * error * seconds / resetSeconds), 0, 1);
        return Math.Clamp((gain * error) + integral, 0, 1);
    }

    private void Heat(WeatherSample weather, AirHandling air, double sun, double lampShare, double machines, double seconds)
    {
        // The server room has a cooler of its own, which carries off what its valve cannot.
        var cooler = plan.Use == ZoneUse.Equipment ? Math.Clamp((TemperatureC - 22.5) * 3000, 0, 9000) : 0;
        var leaks = plan.VolumeM3 * 0.08 * Air.WattsPerM3PerHourKelvin;
        var intoAir = (RadiatorValve * plan.RadiatorWattsMax)
            + (People * PersonWatts) + (machines * 0.9) + (lampShare * plan.AreaM2 * 7) + (0.35 * sun) - cooler
            + ((_glassLoss + (plan.FacadeAzimuth is null ? 0 : leaks)) * (weather.TemperatureC - TemperatureC))
            + (AirflowM3PerHour * Air.WattsPerM3PerHourKelvin * (air.SupplyTemperatureC - TemperatureC))
            + (_airToMass * (_massC - TemperatureC));
        var intoMass = (0.65 * sun) + (_wallLoss * (weather.TemperatureC - _massC))
            // Slabs lose a little to the neighbours, which are kept near 21 °C.
            + (plan.AreaM2 * 0.35 * (21 - _massC))
            + (_airToMass * (TemperatureC - _massC));
        TemperatureC += intoAir * seconds / _airHeat;
        _massC += intoMass * seconds / _massHeat;
    }

    private void Exchange(WeatherSample weather, AirHandling air, int people, double seconds)
    {
        var leaks = plan.VolumeM3 * 0.08;
        var flow = AirflowM3PerHour + leaks;
        // Solved over the step rather than added up, so that a strong flow cannot overshoot.
        var co2 = Air.OutsideCo2 + (people * PersonCo2M3PerHour * 1e6 / flow);
        Co2Ppm = co2 + ((Co2Ppm - co2) * Math.Exp(-flow / plan.VolumeM3 * seconds / 3600));

        var moisture = ((AirflowM3PerHour * air.SupplyMoistureKgPerKg) + (leaks * weather.MoistureKgPerKg)
            + (people * PersonWaterKgPerHour / 1.2)) / flow;
        // Paper, carpet and plaster take up water: the room answers four times slower than its air alone.
        MoistureKgPerKg = moisture + ((MoistureKgPerKg - moisture) * Math.Exp(-flow / (4 * plan.VolumeM3) * seconds / 3600));
    }
}
