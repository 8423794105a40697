using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using Microsoft.DurableTask;

namespace BuildingMgmt.Testing.Durable;

/// <summary>Numbers of <c>OrchestrationRuntimeStatus</c>.</summary>
internal static class Statuses
{
    public const int Running = 0;
    public const int Completed = 1;
    public const int Failed = 3;
    public const int Terminated = 5;
    public const int Pending = 6;
    public const int Suspended = 7;

    public static bool IsEnd(int status) => status is Completed or Failed or Terminated;
}

internal sealed class MemoryWorker(long id)
{
    public long Id { get; } = id;

    public DateTimeOffset DiesAt { get; set; }

    /// <summary>Those that it was given, by their ids.</summary>
    public SortedDictionary<long, MemoryActivity> Activities { get; } = [];
}

/// <param name="DueAt">When it was, or will be, due.</param>
internal sealed record MemoryMessage(
    MemoryInstance Instance, long Sequence, int? Execution, ReceivedEvent Event, DateTimeOffset DueAt, Guid? Id);

internal sealed class MemoryActivity(MemoryInstance instance, ActivityWork work)
{
    public MemoryInstance Instance { get; } = instance;

    public ActivityWork Work { get; } = work;

    public MemoryWorker? Owner { get; set; }
}

internal sealed class MemoryInstance(ExecutionStarted start, string id, long key, int execution, long step, DateTimeOffset createdAt)
{
    public string Id { get; } = id;

    public long Key { get; } = key;

    public ExecutionStarted Start { get; } = start;

    public int Execution { get; set; } = execution;

    public long Step { get; set; } = step;

    public MemoryWorker? Owner { get; set; }

    public int Status { get; set; } = Statuses.Pending;

    public string? Version { get; set; } = start.Version;

    public string? Input { get; set; } = start.Input;

    public string? Output { get; set; }

    public string? CustomStatus { get; set; }

    public TaskFailureDetails? Failure { get; set; }

    public DateTimeOffset CreatedAt { get; } = createdAt;

    public DateTimeOffset UpdatedAt { get; set; } = createdAt;

    public DateTimeOffset? EndedAt { get; set; }

    public List<HistoryEvent> History { get; } = [];

    /// <summary>All that wait for it, due or not, by their sequence numbers.</summary>
    public SortedDictionary<long, MemoryMessage> Messages { get; } = [];

    public SortedDictionary<long, MemoryActivity> Activities { get; } = [];

    public bool HasEnded => Statuses.IsEnd(Status);

    public InstanceState State(bool withPayloads) => new(
        Id, Start.Name, Version, Status, CreatedAt, UpdatedAt, EndedAt,
        withPayloads ? Input : null, withPayloads ? Output : null, withPayloads ? CustomStatus : null, Failure, Start.Tags);

    public bool Matches(InstanceFilter filter) =>
        (filter.Statuses.Count == 0 || filter.Statuses.Contains(Status))
        && (filter.IdPrefix is null || Id.StartsWith(filter.IdPrefix, StringComparison.Ordinal))
        && (filter.AfterId is null || string.CompareOrdinal(Id, filter.AfterId) > 0)
        && IsWithin(CreatedAt, filter.CreatedFrom, filter.CreatedTo)
        && ((filter.EndedFrom is null && filter.EndedTo is null)
            || (EndedAt is { } ended && IsWithin(ended, filter.EndedFrom, filter.EndedTo)));

    private static bool IsWithin(DateTimeOffset time, DateTimeOffset? from, DateTimeOffset? to) =>
        (from is null || time >= from) && (to is null || time <= to);
}
