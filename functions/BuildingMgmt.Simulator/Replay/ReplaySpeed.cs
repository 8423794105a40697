using System.Globalization;

namespace BuildingMgmt.Simulator.Replay;

/// <summary>How fast a replay goes. Compiled into the stack as well, which refuses a wrong speed before it starts anything.</summary>
internal static class ReplaySpeed
{
    public const string Max = "max";

    /// <summary>Times real time; null for <c>max</c>, as fast as it goes.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static double? Parse(string speed)
    {
        if (speed == Max)
            return null;
        return double.TryParse(speed, NumberStyles.Float, CultureInfo.InvariantCulture, out var times) && times > 0 && double.IsFinite(times)
            ? times
            : throw new FormatException($"Speed \"{speed}\" is neither a number above 0 nor \"{Max}\".");
    }
}
