using System.Text;
using System.Text.Json;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Strings of JSON without exceptions for bad ones, and without allocation for good ones.</summary>
internal static class JsonText
{
    /// <summary>Room for a string with escapes, which take six bytes for one: longer is no id, no timestamp and no known metric.</summary>
    public const int BytesMax = 512;

    /// <summary>Gives the bytes of a string or property name, with escapes resolved.</summary>
    /// <param name="buffer">Used when there are escapes. What does not fit is refused: nothing that long is known.</param>
    public static bool TryUnescape(in Utf8JsonReader reader, Span<byte> buffer, out ReadOnlySpan<byte> utf8)
    {
        utf8 = reader.ValueSpan;
        if (!reader.ValueIsEscaped)
            return true;
        if (utf8.Length > buffer.Length)
            return false;
        try
        {
            utf8 = buffer[..reader.CopyString(buffer)];
            return true;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, or bytes that are no UTF-8.
            return false;
        }
    }

    /// <summary>Text for people, of anything: cut to 80 bytes, or as many as are given, and without control characters.</summary>
    public static string Describe(ReadOnlySpan<byte> utf8, int lengthMax = 80)
    {
        var text = new StringBuilder(Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, lengthMax)]));
        for (var index = 0; index < text.Length; index++)
        {
            if (char.IsControl(text[index]))
                text[index] = '\uFFFD';
        }

        return utf8.Length > lengthMax ? text.Append('…').ToString() : text.ToString();
    }
}
