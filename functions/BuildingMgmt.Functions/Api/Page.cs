using System.Buffers.Text;
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
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(key);
        if (rows.Count <= limit)
            return new Page<T>(rows, null);
        rows.RemoveRange(limit, rows.Count - limit);
        return new Page<T>(rows, key(rows[^1]).ToCursor());
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
