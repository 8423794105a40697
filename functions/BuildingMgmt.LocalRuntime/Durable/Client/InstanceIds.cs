namespace BuildingMgmt.LocalRuntime.Durable.Client;

/// <summary>Rules of instance ids, as the real extension has them: it checks those that clients start, and not those that orchestrators choose.</summary>
internal static class InstanceIds
{
    private const int CharsMax = 100;

    public static string New() => Guid.NewGuid().ToString("N");

    /// <summary>For an orchestration that a client starts.</summary>
    /// <exception cref="ArgumentException">It cannot have that id.</exception>
    public static void Check(string id)
    {
        CheckInner(id);
        foreach (var c in id)
        {
            if (c is '/' or '\\' or '#' or '?')
                throw Refused(id, $"holds \"{c}\"; none of / \\ # ? is allowed");
            if (char.IsControl(c))
                throw Refused(id, $"holds the control character U+{(int)c:X4}");
        }
    }

    /// <summary>For an orchestration that another one starts, or sends to.</summary>
    /// <exception cref="ArgumentException">No orchestration can have that id.</exception>
    public static void CheckInner(string id)
    {
        ArgumentException.ThrowIfNullOrEmpty(id);
        if (id.Length > CharsMax)
            throw Refused(id, $"is {id.Length} characters long; {CharsMax} are allowed");
        if (id[0] == '@')
            throw Refused(id, "begins with \"@\", which stands for entities");
        if (id.Contains('\0'))
            throw Refused(id, "holds the character U+0000, which no text can be stored with");
        if (TaskNames.HasHalfOfPair(id))
            throw Refused(id, "holds one half of a surrogate pair, which no text can be stored with");
    }

    private static ArgumentException Refused(string id, string why) => new($"Instance id \"{id}\" {why}.");
}
