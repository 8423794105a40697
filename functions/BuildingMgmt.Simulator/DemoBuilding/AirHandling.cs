namespace BuildingMgmt.Simulator.DemoBuilding;

/// <summary>The air handling unit of one floor: warms or cools the air that the zones' valves let in, and says when it runs.</summary>
internal sealed class AirHandling
{
    /// <summary>The cooling coil wrings water out of the air down to what 13 °C can hold.</summary>
    private static readonly double CoilKgPerKg = Air.SaturatedKgPerKg(13);

    public double SupplyTemperatureC { get; private set; } = 19;

    public double SupplyMoistureKgPerKg { get; private set; } = 0.006;

    public double ReturnTemperatureC { get; private set; } = 21;

    public double AirflowM3PerHour { get; private set; }

    public double FanWatts { get; private set; }

    /// <summary>Heat put into the air, watts; negative while it cools.</summary>
    public double CoilWatts { get; private set; }

    /// <summary>True from 06:30 to 19:00 on working days. Radiators start an hour earlier, so that desks are warm at eight.</summary>
    public static bool IsDay(DateTimeOffset local) =>
        WorkingCalendar.IsWorkingDay(DateOnly.FromDateTime(local.DateTime)) && local.TimeOfDay.TotalHours is >= 6.5 and < 19;

    public static bool IsHeatingDay(DateTimeOffset local) =>
        WorkingCalendar.IsWorkingDay(DateOnly.FromDateTime(local.DateTime)) && local.TimeOfDay.TotalHours is >= 5.5 and < 18.5;

    /// <summary>Settles the air for the next step.</summary>
    /// <param name="weather">Outside.</param>
    /// <param name="returnTemperatureC">Mean of the air that comes back.</param>
    /// <param name="airflowM3PerHour">What all zones let in.</param>
    /// <param name="airflowMax">What they could let in.</param>
    /// <param name="seconds">Length of the step.</param>
    public void Step(WeatherSample weather, double returnTemperatureC, double airflowM3PerHour, double airflowMax, double seconds)
    {
        ReturnTemperatureC = returnTemperatureC;
        AirflowM3PerHour = airflowM3PerHour;
        // Fan laws: power goes with the cube of the flow, above what the electronics draw.
        var share = airflowM3PerHour / airflowMax;
        FanWatts = airflowM3PerHour <= 0 ? 15 : 15 + (airflowMax * 0.45 * Math.Pow(share, 3));

        // Warm supply in winter, cool in summer; the wheel returns three quarters of the heat before a coil works.
        var wanted = Math.Clamp(20.5 - (0.25 * (weather.TemperatureC - 5)), 16, 20.5);
        var afterWheel = weather.TemperatureC + (0.75 * (returnTemperatureC - weather.TemperatureC));
        if (weather.TemperatureC > 14)
            afterWheel = weather.TemperatureC;
        var supply = airflowM3PerHour <= 0 ? returnTemperatureC : wanted;
        SupplyTemperatureC += (supply - SupplyTemperatureC) * (1 - Math.Exp(-seconds / 240));
        CoilWatts = airflowM3PerHour * Air.WattsPerM3PerHourKelvin * (wanted - afterWheel);
        SupplyMoistureKgPerKg = Math.Min(weather.MoistureKgPerKg, CoilKgPerKg);
    }
}
