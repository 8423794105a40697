namespace BuildingMgmt.Simulator.DemoBuilding;

/// <summary>The weather of one moment.</summary>
/// <param name="TemperatureC">Outside air.</param>
/// <param name="MoistureKgPerKg">Water in the outside air, kg per kg of dry air.</param>
/// <param name="CloudCover">0 clear to 1 overcast.</param>
/// <param name="Sun">Where the sun stands.</param>
/// <param name="DirectWattsPerM2">Direct beam, on a plane that faces the sun.</param>
/// <param name="DiffuseWattsPerM2">Light of the sky, on a level plane.</param>
internal readonly record struct WeatherSample(
    double TemperatureC, double MoistureKgPerKg, double CloudCover, Sun Sun, double DirectWattsPerM2, double DiffuseWattsPerM2)
{
    public double RelativeHumidityPercent => Air.RelativeHumidityPercent(TemperatureC, MoistureKgPerKg);

    public double LevelWattsPerM2 =>
        DiffuseWattsPerM2 + (DirectWattsPerM2 * Math.Max(0, Math.Sin(Sun.ElevationDegrees * Math.PI / 180)));

    /// <summary>Sunlight on an upright wall: beam, half of the sky, and what the ground throws back (a fifth).</summary>
    public double OnWallWattsPerM2(double wallAzimuth) =>
        (DirectWattsPerM2 * Sun.OnWall(wallAzimuth)) + (0.5 * DiffuseWattsPerM2) + (0.1 * LevelWattsPerM2);
}

/// <summary>The sea climate of Amsterdam: a yearly and a daily course, and weather that comes and goes over hours and days.</summary>
internal sealed class Weather(int seed)
{
    private const double Latitude = 52.37;
    private const double Longitude = 4.90;

    private readonly ulong _fronts = SmoothNoise.Seed(seed, "weather/fronts");
    private readonly ulong _days = SmoothNoise.Seed(seed, "weather/days");
    private readonly ulong _hours = SmoothNoise.Seed(seed, "weather/hours");
    private readonly ulong _clouds = SmoothNoise.Seed(seed, "weather/clouds");
    private readonly ulong _showers = SmoothNoise.Seed(seed, "weather/showers");
    private readonly ulong _dew = SmoothNoise.Seed(seed, "weather/dew");

    public WeatherSample At(DateTimeOffset time)
    {
        var sun = Sun.At(time, Latitude, Longitude);
        var cloud = CloudCover(time);
        var (direct, diffuse) = Irradiance(sun, cloud);

        // Coldest in the third week of January, warmest in the third week of July: 3.4 and 18 °C on average (KNMI).
        var summer = -Math.Cos(2 * Math.PI * (time.UtcDateTime.DayOfYear - 20) / 365.25);
        var mean = 10.7 + (7.3 * summer)
            + (2.6 * SmoothNoise.At(_fronts, time, TimeSpan.FromDays(4)))
            + (1.0 * SmoothNoise.At(_days, time, TimeSpan.FromHours(22)))
            + (0.3 * SmoothNoise.At(_hours, time, TimeSpan.FromHours(2)));
        // Air is warmest about three hours after the sun stood highest; clouds flatten the day.
        var solarHours = time.UtcDateTime.TimeOfDay.TotalHours + (Longitude / 15);
        var swing = (3.2 + (1.6 * summer)) * (1 - (0.65 * cloud));
        var temperature = mean + (swing * Math.Cos(2 * Math.PI * (solarHours - 15) / 24));

        var dewPoint = Math.Min(temperature, mean - 2.8 + (1.2 * SmoothNoise.At(_dew, time, TimeSpan.FromHours(30))));
        return new WeatherSample(temperature, Air.SaturatedKgPerKg(dewPoint), cloud, sun, direct, diffuse);
    }

    private double CloudCover(DateTimeOffset time)
    {
        var wander = SmoothNoise.At(_clouds, time, TimeSpan.FromHours(17)) + (0.5 * SmoothNoise.At(_showers, time, TimeSpan.FromHours(2)));
        // Half of the Dutch sky is overcast, a fifth is clear: the course is pressed against both ends.
        return 1 / (1 + Math.Exp(-2.2 * (wander + 0.35)));
    }

    private static (double Direct, double Diffuse) Irradiance(Sun sun, double cloud)
    {
        if (sun.ElevationDegrees <= 0.5)
            return (0, 0);
        var sinElevation = Math.Sin(sun.ElevationDegrees * Math.PI / 180);
        // Clear sky by air mass (Meinel), clouds by Kasten and Czeplak (1980).
        var clearDirect = 1353 * Math.Pow(0.7, Math.Pow(1 / sinElevation, 0.678));
        var clearLevel = 1.1 * clearDirect * sinElevation;
        var level = clearLevel * (1 - (0.75 * Math.Pow(cloud, 3.4)));
        var direct = clearDirect * Math.Pow(1 - cloud, 1.3);
        return (direct, Math.Max(0.05 * level, level - (direct * sinElevation)));
    }
}
