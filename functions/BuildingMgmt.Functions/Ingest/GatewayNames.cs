using System.Text;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Keeps one string for each gateway id, so that the same few gateways do not cost a string for each event.</summary>
internal sealed class GatewayNames
{
    /// <summary>Longest id, characters and bytes.</summary>
    public const int LengthMax = 128;

    // Ids come from outside: at this many the set starts anew rather than grow for ever.
    private const int CountMax = 10_000;

    private readonly HashSet<string> names = [];
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> lookup;

    public GatewayNames() => lookup = names.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <param name="utf8">Valid UTF-8 of at most <see cref="LengthMax"/> bytes.</param>
    public string Get(ReadOnlySpan<byte> utf8)
    {
        Span<char> chars = stackalloc char[LengthMax];
        ReadOnlySpan<char> text = chars[..Encoding.UTF8.GetChars(utf8, chars)];
        if (lookup.TryGetValue(text, out var known))
            return known;
        if (names.Count >= CountMax)
            names.Clear();
        var name = text.ToString();
        names.Add(name);
        return name;
    }
}
