namespace Microsoft.DurableTask;

/// <summary>Name of an orchestrator or activity. Case does not matter.</summary>
public readonly struct TaskName : IEquatable<TaskName>
{
    /// <summary>Makes a name.</summary>
    public TaskName(string name) => Name = name;

    /// <summary>The name as it was written.</summary>
    public string Name { get; }

    /// <summary>Takes a text for a name.</summary>
    public static implicit operator TaskName(string value) => new(value);

    /// <summary>Takes a name for a text.</summary>
    public static implicit operator string(TaskName value) => value.Name;

    /// <summary>Whether the names are the same.</summary>
    public static bool operator ==(TaskName a, TaskName b) => a.Equals(b);

    /// <summary>Whether the names differ.</summary>
    public static bool operator !=(TaskName a, TaskName b) => !a.Equals(b);

    /// <inheritdoc/>
    public bool Equals(TaskName other) => string.Equals(Name, other.Name, StringComparison.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is TaskName other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => Name is null ? 0 : StringComparer.OrdinalIgnoreCase.GetHashCode(Name);

    /// <inheritdoc/>
    public override string ToString() => Name ?? "";
}
