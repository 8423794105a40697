using BuildingMgmt.Functions.Api;
using FsCheck.Xunit;

namespace BuildingMgmt.Functions.Tests.Api;

public sealed class PageKeyTests
{
    [Property]
    public bool Cursor_is_read_as_it_was_written(string? name, Guid id)
    {
        // Half a surrogate pair cannot come from PostgreSQL, nor can NUL.
        name ??= "";
        if (name.Contains('\0', StringComparison.Ordinal) || name.Any(char.IsSurrogate))
            return true;
        return PageKey.TryParse(new PageKey(name, id).ToCursor(), out var read) && read == new PageKey(name, id);
    }

    [Property]
    public bool Any_text_as_a_cursor_is_refused_and_never_throws(string? text) =>
        !PageKey.TryParse(text ?? "", out _);
}
