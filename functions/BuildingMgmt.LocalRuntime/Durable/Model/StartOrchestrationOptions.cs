using System.Collections.Immutable;

namespace Microsoft.DurableTask;

/// <summary>How a client starts an orchestration.</summary>
public record StartOrchestrationOptions
{
    /// <summary>Makes options.</summary>
    /// <param name="InstanceId">Null: one is made.</param>
    /// <param name="StartAt">Null, or a time that has passed: now.</param>
    public StartOrchestrationOptions(string? InstanceId = null, DateTimeOffset? StartAt = null)
    {
        this.InstanceId = InstanceId;
        this.StartAt = StartAt;
    }

    /// <summary>Copies options.</summary>
    public StartOrchestrationOptions(StartOrchestrationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        InstanceId = options.InstanceId;
        StartAt = options.StartAt;
        Tags = options.Tags;
        Version = options.Version;
        DedupeStatuses = options.DedupeStatuses;
    }

    /// <summary>Id of the instance, 1 to 100 characters, none of <c>/ \ # ?</c> and none that controls, not beginning with <c>@</c>; null: one is made.</summary>
    public string? InstanceId { get; init; }

    /// <summary>When it starts; null, or a time that has passed: now.</summary>
    public DateTimeOffset? StartAt { get; init; }

    /// <summary>Labels of the instance.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Version of the orchestration.</summary>
    public TaskVersion? Version { get; init; }

    /// <summary>Statuses in which an instance of the same id is not replaced.</summary>
    public IReadOnlyList<string>? DedupeStatuses { get; init; }
}
