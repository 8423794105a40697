using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace BuildingMgmt.Functions.Api;

/// <summary>One page of a list. <see cref="NextCursor"/> is null on the last one.</summary>
public sealed record Page<T>(IReadOnlyList<T> Items, string? NextCursor);

/// <summary>Makes pages.</summary>
public static class Page
{
    /// <summary>Makes a page of rows that were read with one more than <paramref name="limit"/>, which tells whether another follows.</summary>
    public static Page<T> Of<T>(List<T> rows, int limit, Func<T, PageKey> key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Of(rows, limit, row => key(row).ToCursor());
    }

    /// <summary>As the other, for rows whose place is told by a number.</summary>
    public static Page<T> Of<T>(List<T> rows, int limit, Func<T, RowKey> key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return Of(rows, limit, row => key(row).ToCursor());
    }

    private static Page<T> Of<T>(List<T> rows, int limit, Func<T, string> cursor)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Count <= limit)
            return new Page<T>(rows, null);
        rows.RemoveRange(limit, rows.Count - limit);
        return new Page<T>(rows, cursor(rows[^1]));
    }
}

/// <summary>The place of a row in a list ordered by its number.</summary>
public readonly record struct RowKey(long Number)
{
    // A letter before the digits, so that nobody takes it for something to count with.
    private const char Mark = 'n';

    /// <summary>The key as an opaque text, safe in a URL.</summary>
    public string ToCursor() => string.Create(CultureInfo.InvariantCulture, $"{Mark}{Number:x}");

    /// <summary>Reads a cursor that <see cref="ToCursor"/> made.</summary>
    public static bool TryParse(string cursor, out RowKey key)
    {
        ArgumentNullException.ThrowIfNull(cursor);
        key = default;
        if (cursor.Length is < 2 or > 17 || cursor[0] != Mark
            || !long.TryParse(cursor.AsSpan(1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var number) || number < 0)
        {
            return false;
        }

        key = new RowKey(number);
        return true;
    }
}

/// <summary>The place of a row in a list ordered by name, then id: the next page starts behind it, whatever came or went meanwhile.</summary>
public readonly record struct PageKey(string Name, Guid Id)
{
    private const int CursorLengthMax = 4096;

    /// <summary>The key as an opaque text, safe in a URL.</summary>
    public string ToCursor() =>
        Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes([Name, Id.ToString("N")], ApiJson.Default.StringArray));

    /// <summary>Reads a cursor that <see cref="ToCursor"/> made.</summary>
    public static bool TryParse(string cursor, out PageKey key)
    {
        ArgumentNullException.ThrowIfNull(cursor);
        key = default;
        try
        {
            if (cursor.Length > CursorLengthMax
                || JsonSerializer.Deserialize(Base64Url.DecodeFromChars(cursor), ApiJson.Default.StringArray) is not [var name, var id]
                || name is null || name.Contains('\0', StringComparison.Ordinal)
                || !Guid.TryParseExact(id, "N", out var parsed))
            {
                return false;
            }

            key = new PageKey(name, parsed);
            return true;
        }
        catch (Exception e) when (e is FormatException or JsonException or DecoderFallbackException)
        {
            return false;
        }
    }
}
