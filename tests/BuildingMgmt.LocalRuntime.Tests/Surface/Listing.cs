namespace BuildingMgmt.LocalRuntime.Tests.Surface;

/// <summary>The public types and members of the real packages.</summary>
internal static class Listing
{
    private static readonly Lazy<HashSet<string>> All = new(() =>
        Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "Surface", "Listings"), "*.txt")
            .SelectMany(File.ReadLines)
            .ToHashSet(StringComparer.Ordinal));

    public static int Count => All.Value.Count;

    /// <summary>What of the types in Microsoft's namespaces the real packages do not have in that shape.</summary>
    public static IReadOnlyList<string> Unknown(IEnumerable<Type> types) =>
        [.. PublicSurface.Of(types.Where(IsTheirs)).Where(line => !All.Value.Contains(line))];

    private static bool IsTheirs(Type type) =>
        type.IsVisible && type.Namespace is { } space
        && (space.StartsWith("Microsoft.", StringComparison.Ordinal) || space.StartsWith("DurableTask.Core.", StringComparison.Ordinal) || space == "Azure" || space.StartsWith("Azure.", StringComparison.Ordinal));
}
