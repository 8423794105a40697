namespace BuildingMgmt.Functions.Ingest;

/// <summary>
/// The schema of events: version 1, unless the content type names another, as <c>application/json;schema=2</c>. The type itself is
/// not looked at: clients send JSON under many names, and its bytes tell what it is.
/// </summary>
internal static class EventSchema
{
    private const string Version = "1";

    /// <summary>Why this build cannot tell what an event of this content type means; null when it can. Without garbage where there are no parameters.</summary>
    public static string? WhyUnknown(string? contentType)
    {
        if (contentType is null || contentType.IndexOf(';', StringComparison.Ordinal) is var start && start < 0)
            return null;
        string? schema = null;
        var rest = contentType.AsSpan(start);
        while (!rest.IsEmpty)
        {
            // RFC 9110, section 5.6.6: parameters may be empty, and a value may be quoted.
            rest = rest[1..].TrimStart(" \t");
            if (rest.IsEmpty || rest[0] == ';')
                continue;
            if (!TryReadParameter(ref rest, out var name, out var value))
                return Say(contentType, "cannot be read");
            if (!name.Equals("schema", StringComparison.OrdinalIgnoreCase))
                continue;
            if (schema is not null)
                return Say(contentType, "names its schema twice");
            schema = value.ToString();
        }

        return schema is null or Version ? null : Say(contentType, $"names a schema that is not {Version}");
    }

    // Leaves the rest at the next semicolon.
    private static bool TryReadParameter(ref ReadOnlySpan<char> rest, out ReadOnlySpan<char> name, out ReadOnlySpan<char> value)
    {
        value = default;
        var equals = rest.IndexOfAny('=', ';');
        name = equals > 0 && rest[equals] == '=' ? rest[..equals] : default;
        if (name.IsEmpty || name.ContainsAny(" \t\""))
            return false;
        rest = rest[(equals + 1)..];
        var isQuoted = rest.Length > 0 && rest[0] == '"';
        if (isQuoted)
        {
            var length = rest[1..].IndexOf('"');
            if (length < 0)
                return false;
            value = rest.Slice(1, length);
            rest = rest[(length + 2)..].TrimStart(" \t");
            return rest.IsEmpty || rest[0] == ';';
        }

        var end = rest.IndexOf(';');
        value = (end < 0 ? rest : rest[..end]).TrimEnd(" \t");
        rest = end < 0 ? [] : rest[end..];
        return !value.IsEmpty && !value.ContainsAny(" \t\"");
    }

    private static string Say(string contentType, string what) =>
        $"Its content type, \"{JsonText.Describe(System.Text.Encoding.UTF8.GetBytes(contentType))}\", {what}.";
}
