namespace BuildingMgmt.Simulator.DemoBuilding;

/// <summary>Where the sun stands. Elevation in degrees above the horizon, azimuth in degrees clockwise from north.</summary>
internal readonly record struct Sun(double ElevationDegrees, double AzimuthDegrees)
{
    /// <summary>
    /// Position by declination and equation of time (Spencer 1971), right to about half a degree, which is
    /// finer than the building's façades need.
    /// </summary>
    /// <param name="time">The moment.</param>
    /// <param name="latitude">Degrees, north positive.</param>
    /// <param name="longitude">Degrees, east positive.</param>
    public static Sun At(DateTimeOffset time, double latitude, double longitude)
    {
        var utc = time.UtcDateTime;
        var hours = utc.TimeOfDay.TotalHours;
        var year = 2 * Math.PI * (utc.DayOfYear - 1 + (hours / 24)) / 365.25;
        var declination = 0.006918 - (0.399912 * Math.Cos(year)) + (0.070257 * Math.Sin(year))
            - (0.006758 * Math.Cos(2 * year)) + (0.000907 * Math.Sin(2 * year));
        var equationOfTimeMinutes = 229.18 * (0.000075 + (0.001868 * Math.Cos(year)) - (0.032077 * Math.Sin(year))
            - (0.014615 * Math.Cos(2 * year)) - (0.040849 * Math.Sin(2 * year)));
        var solarHours = hours + (longitude / 15) + (equationOfTimeMinutes / 60);
        var hourAngle = Radians(15 * (solarHours - 12));
        var north = Radians(latitude);

        var sinElevation = (Math.Sin(north) * Math.Sin(declination))
            + (Math.Cos(north) * Math.Cos(declination) * Math.Cos(hourAngle));
        var azimuth = Math.Atan2(
            -Math.Cos(declination) * Math.Sin(hourAngle),
            (Math.Sin(declination) * Math.Cos(north)) - (Math.Cos(declination) * Math.Sin(north) * Math.Cos(hourAngle)));
        return new Sun(Degrees(Math.Asin(sinElevation)), (Degrees(azimuth) + 360) % 360);
    }

    /// <summary>Share of the direct beam that falls on an upright wall which faces <paramref name="wallAzimuth"/>; 0 when it is behind.</summary>
    public double OnWall(double wallAzimuth) => ElevationDegrees <= 0
        ? 0
        : Math.Max(0, Math.Cos(Radians(ElevationDegrees)) * Math.Cos(Radians(AzimuthDegrees - wallAzimuth)));

    private static double Radians(double degrees) => degrees * Math.PI / 180;

    private static double Degrees(double radians) => radians * 180 / Math.PI;
}
