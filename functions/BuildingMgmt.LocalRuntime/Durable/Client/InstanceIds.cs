namespace BuildingMgmt.LocalRuntime.Durable.Client;

/// <summary>Rules of instance ids, as the real extension documents them.</summary>
internal static class InstanceIds
{
    private const int CharsMax = 100;

    public static string New() => Guid.NewGuid().ToString("N");

    /// <exception cref="ArgumentException">An orchestration cannot have that id.</exception>
    public static void Check(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        if (id.Length > CharsMax)
            throw Refused(id, $"is {id.Length} characters long; {CharsMax} are allowed");
        if (id[0] == '@')
            throw Refused(id, "begins with \"@\", which stands for entities");
        foreach (var c in id)
        {
            if (c is '/' or '\\' or '#' or '?')
                throw Refused(id, $"holds \"{c}\"; none of / \\ # ? is allowed");
            if (char.IsControl(c))
                throw Refused(id, $"holds the control character U+{(int)c:X4}");
        }

        if (TaskNames.HasHalfOfPair(id))
            throw Refused(id, "holds one half of a surrogate pair, which no text can be stored with");
    }

    private static ArgumentException Refused(string id, string why) => new($"Instance id \"{id}\" {why}.");
}
