using System.Buffers;
using System.Globalization;
using System.Text;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>What may be a gateway's id. Keeps one string for each gateway id, so that the same few gateways do not cost a string for each event.</summary>
internal sealed class GatewayNames
{
    /// <summary>Longest id, characters and bytes.</summary>
    public const int LengthMax = 128;

    // Ids come from outside: at this many the set starts anew rather than grow for ever.
    private const int CountMax = 10_000;

    private readonly HashSet<string> names = [];
    private readonly HashSet<string>.AlternateLookup<ReadOnlySpan<char>> lookup;

    public GatewayNames() => lookup = names.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>
    /// Whether these bytes can be told from another id by whoever reads them: UTF-8, not blank, and of characters that show. Of
    /// separators only the common space: one that breaks the line, turns the direction or cannot be seen makes two ids look like one.
    /// PostgreSQL's text cannot hold NUL.
    /// </summary>
    public static bool IsClean(ReadOnlySpan<byte> utf8)
    {
        var isBlank = true;
        while (!utf8.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(utf8, out var rune, out var length) != OperationStatus.Done)
                return false;
            if (rune.Value != ' ')
            {
                if (IsHidden(rune))
                    return false;
                isBlank = false;
            }

            utf8 = utf8[length..];
        }

        return !isBlank;
    }

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

    private static bool IsHidden(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.Format
        or UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
