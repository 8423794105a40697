namespace Microsoft.DurableTask;

/// <summary>Version of an orchestrator or activity; empty for none. Case does not matter.</summary>
public readonly struct TaskVersion : IEquatable<TaskVersion>
{
    /// <summary>No version.</summary>
    public static readonly TaskVersion Unversioned;

    private readonly string? version;

    /// <summary>Makes a version; null or empty is none, blanks alone are an error.</summary>
    public TaskVersion(string? version)
    {
        if (!string.IsNullOrEmpty(version) && string.IsNullOrWhiteSpace(version))
            throw new ArgumentException("A version cannot consist of blanks; give null or an empty text for none.", nameof(version));
        this.version = version;
    }

    /// <summary>The version as it was written; empty for none.</summary>
    public string Version => version ?? "";

    /// <summary>Takes a version for a text.</summary>
    public static implicit operator string(TaskVersion value) => value.Version;

    /// <summary>Takes a text for a version.</summary>
    public static implicit operator TaskVersion(string? value) => new(value);

    /// <summary>Whether the versions are the same.</summary>
    public static bool operator ==(TaskVersion a, TaskVersion b) => a.Equals(b);

    /// <summary>Whether the versions differ.</summary>
    public static bool operator !=(TaskVersion a, TaskVersion b) => !a.Equals(b);

    /// <inheritdoc/>
    public bool Equals(TaskVersion other) => string.Equals(Version, other.Version, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TaskVersion other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.OrdinalIgnoreCase.GetHashCode(Version);
}
