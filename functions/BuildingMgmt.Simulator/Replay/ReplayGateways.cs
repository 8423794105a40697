using System.Text;
using BuildingMgmt.Database;

namespace BuildingMgmt.Simulator.Replay;

/// <summary>Each building of a data set has one gateway, named after it.</summary>
internal static class ReplayGateways
{
    /// <summary>
    /// <c>replay-</c> and the name in lower case with dashes; where letters had to be left out, eight digits of the
    /// building's id keep two such names apart.
    /// </summary>
    public static string Id(string building)
    {
        var slug = new StringBuilder("replay-");
        var exact = true;
        foreach (var character in building.ToLowerInvariant())
        {
            if (char.IsAsciiLetterOrDigit(character))
                slug.Append(character);
            else if (slug[^1] != '-')
                slug.Append('-');
            exact &= char.IsAsciiLetterOrDigit(character) || character is ' ';
        }

        // Partition keys are at most 128 characters long.
        const int charactersMax = 100;
        if (exact && slug.Length <= charactersMax)
            return slug.ToString();
        slug.Length = Math.Min(slug.Length, charactersMax);
        return $"{slug.ToString().TrimEnd('-')}-{StableId.Create("building/" + building).ToString("N")[..8]}";
    }
}
