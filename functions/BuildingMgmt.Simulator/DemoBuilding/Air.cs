namespace BuildingMgmt.Simulator.DemoBuilding;

/// <summary>Moist air at sea level.</summary>
internal static class Air
{
    /// <summary>Heat that 1 m³/h of air carries for each kelvin, in watts.</summary>
    public const double WattsPerM3PerHourKelvin = 1.2 * 1005 / 3600;

    /// <summary>Outside air, in ppm.</summary>
    public const double OutsideCo2 = 422;

    private const double Pressure = 101_325;

    /// <summary>Water that air at this temperature can hold, kg per kg of dry air (Magnus).</summary>
    public static double SaturatedKgPerKg(double temperatureC)
    {
        var vapour = SaturationPressure(temperatureC);
        return 0.622 * vapour / (Pressure - vapour);
    }

    public static double RelativeHumidityPercent(double temperatureC, double moistureKgPerKg)
    {
        var vapour = Pressure * moistureKgPerKg / (0.622 + moistureKgPerKg);
        return Math.Clamp(100 * vapour / SaturationPressure(temperatureC), 0, 100);
    }

    private static double SaturationPressure(double temperatureC) => 611.2 * Math.Exp(17.62 * temperatureC / (243.12 + temperatureC));
}
