namespace Microsoft.DurableTask.Abstractions;

/// <summary>Order of versions.</summary>
public static class TaskOrchestrationVersioningUtils
{
    /// <summary>Less than 0 when the first is older, 0 when they are the same. None is older than any; numbers count as numbers, other texts as texts.</summary>
    public static int CompareVersions(string sourceVersion, string otherVersion)
    {
        var isNone = string.IsNullOrWhiteSpace(sourceVersion);
        var otherIsNone = string.IsNullOrWhiteSpace(otherVersion);
        if (isNone || otherIsNone)
            return otherIsNone.CompareTo(isNone);
        if (Version.TryParse(sourceVersion, out var number) && Version.TryParse(otherVersion, out var otherNumber))
            return number.CompareTo(otherNumber);
        return string.Compare(sourceVersion, otherVersion, StringComparison.OrdinalIgnoreCase);
    }
}
