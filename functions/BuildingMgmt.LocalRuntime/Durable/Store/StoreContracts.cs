using BuildingMgmt.LocalRuntime.Durable.Execution;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <param name="Busy">Instances that the worker is stepping now: their messages are left for later.</param>
/// <param name="InstancesMax">Most instances to take; 0 takes none.</param>
/// <param name="Running">Activities that the worker knows it has. Others that are its own are given again: the call that took them threw, so it
/// never heard of them.</param>
/// <param name="ActivitiesMax">Most activities to take; 0 takes none.</param>
internal sealed record TakeRequest(
    long Worker, IReadOnlyCollection<string> Busy, int InstancesMax, IReadOnlyCollection<long> Running, int ActivitiesMax);

/// <param name="WorkerLives">False: nothing was taken, because the worker has died; it enters anew.</param>
/// <param name="More">There was more than was asked for.</param>
/// <param name="NextDueIn">Until the next timer or delayed start, by the store's clock; null when there is none. What other living workers own is
/// theirs to wait for, and an instance with messages that are due already counts when they are used up.</param>
internal sealed record Taken(
    bool WorkerLives, IReadOnlyList<TakenInstance> Instances, IReadOnlyList<ActivityWork> Activities, bool More, TimeSpan? NextDueIn)
{
    public static readonly Taken Nothing = new(true, [], [], false, null);
}

/// <summary>An instance with due messages, now owned by the worker.</summary>
/// <param name="Execution">Number of the execution, from 0; continue-as-new begins the next, and so does the replacement of an instance: what is
/// still under way for the one replaced (a sub-orchestration's result) is stale, and ids made from the number are new.</param>
/// <param name="Step">Steps committed so far, never reset, and greater than all before when an instance is replaced: what is in memory is of use
/// only if it is as far.</param>
/// <param name="Key">Of this instance alone: one that is made under its id after it was purged has another.</param>
/// <param name="At">When it was taken, by the store's clock, which also says when timers are due.</param>
/// <param name="Messages">All due ones, in the order of their sequence numbers (at most some thousands, and some megabytes, at a time).</param>
internal sealed record TakenInstance(
    string InstanceId, long Key, int Execution, long Step, DateTimeOffset At, IReadOnlyList<ReceivedMessage> Messages);

/// <param name="Execution">The execution that it is for; null is for whichever runs. One for another execution is stale: consume and ignore it.</param>
internal sealed record ReceivedMessage(long Sequence, int? Execution, ReceivedEvent Event);

/// <param name="Events">Of the current execution, whole and in order. Empty before the first step.</param>
/// <param name="TooLarge">Bytes that it has in the store, when they are more than are read into memory: then <paramref name="Events"/> are those of its
/// first step only.</param>
internal sealed record LoadedHistory(string InstanceId, int Execution, long Step, IReadOnlyList<HistoryEvent> Events, long? TooLarge = null);

/// <summary>An activity to run.</summary>
/// <param name="TraceParent">Of the step that scheduled it, as <see cref="BuildingMgmt.LocalRuntime.Functions.TraceText"/> writes it.</param>
internal sealed record ActivityWork(
    long Id,
    string InstanceId,
    int Execution,
    int TaskId,
    string Name,
    string? Version,
    string? Input,
    string? TraceParent,
    IReadOnlyDictionary<string, string>? Tags,
    DateTimeOffset CreatedAt);

/// <param name="Event"><see cref="TaskCompleted"/> or <see cref="TaskFailed"/>.</param>
internal sealed record ActivityResult(ActivityWork Work, ReceivedEvent Event);

/// <param name="Accepted">False: the activity is not this worker's any more (another has it, its result came, or its instance ended). Nothing was written.</param>
/// <param name="Mine">The instance is this worker's, or nobody's: it should take at once. Others are told by the store.</param>
/// <param name="Locked">Not accepted, because somebody's transaction holds the instance: try again.</param>
internal sealed record ResultReceipt(bool Accepted, bool Mine, bool Locked = false);

/// <summary>All that one step changes, in one transaction.</summary>
internal sealed record StepCommit
{
    public required string InstanceId { get; init; }

    /// <summary>The step number that it builds on. Another one in the store, or another owner: refused.</summary>
    public required long Step { get; init; }

    public required int Execution { get; init; }

    /// <summary>Sequence numbers of the messages that it used up.</summary>
    public required IReadOnlyList<long> Consumed { get; init; }

    /// <summary>Appended to the history of this execution. May be empty (only stale or doubled messages came).</summary>
    public required IReadOnlyList<HistoryEvent> Appended { get; init; }

    public required StepState State { get; init; }

    public IReadOnlyList<NewActivity> Activities { get; init; } = [];

    /// <summary>
    /// Timers of earlier steps of this execution that nobody waits for any more: their messages go, which would otherwise stay until they are due.
    /// One that is not there has fired.
    /// </summary>
    public IReadOnlyList<TimerCreated> CancelledTimers { get; init; } = [];

    /// <summary>Timers for itself, events for others, the result for the parent.</summary>
    public IReadOnlyList<NewMessage> Messages { get; init; } = [];

    /// <summary>Sub-orchestrations. One whose id is taken by an instance that has not ended is not made: its parent gets a <see cref="ChildFailed"/>.</summary>
    public IReadOnlyList<NewInstance> Children { get; init; } = [];

    /// <summary>
    /// The execution ended by continue-as-new: its history goes, its activities and messages that name it go, and the next one begins with these
    /// messages, of which the first is <see cref="ExecutionStarted"/> and names it (<see cref="Execution"/> + 1). The others are for whichever
    /// runs: should it restart as well before it has taken them all, they wait for the one after it. They come before all that still
    /// waits for the instance, be it taken and not <see cref="Consumed"/>; so their sequence numbers may be below 0.
    /// </summary>
    public IReadOnlyList<ReceivedEvent>? Restart { get; init; }

    /// <summary>Whether the worker keeps the instance in memory and so stays its owner. An ended one is never kept.</summary>
    public required bool Keep { get; init; }
}

/// <param name="Status">Number of <c>OrchestrationRuntimeStatus</c>. On an end (Completed, Failed, Terminated) the instance's messages and activities go.</param>
/// <param name="CustomStatus">Null leaves what is there: it outlives a continue-as-new.</param>
/// <param name="ClearsCustomStatus">Takes away what is there.</param>
/// <param name="Version">As of the next <see cref="ExecutionStarted"/>, with a restart; null leaves what is there.</param>
/// <param name="Input">With a restart, the next execution's; null otherwise.</param>
internal sealed record StepState(
    int Status, string? CustomStatus, string? Output, TaskFailureDetails? Failure, string? Version = null, string? Input = null,
    bool ClearsCustomStatus = false);

/// <param name="Accepted">False: displaced, or already done. Forget the instance.</param>
/// <param name="Activities">Those of the step that the worker has been given at once.</param>
/// <param name="MoreDue">Messages for it, or for another instance of this worker, are due: take at once.</param>
/// <param name="Locked">Not accepted, because somebody's transaction holds an instance that the step writes to: try again.</param>
internal sealed record StepReceipt(bool Accepted, IReadOnlyList<ActivityWork> Activities, bool MoreDue, bool Locked = false);

internal sealed record NewActivity(
    int TaskId, string Name, string? Version, string? Input, string? TraceParent, IReadOnlyDictionary<string, string>? Tags);

/// <param name="Execution">The execution that it is for; null is for whichever runs.</param>
/// <param name="DueAt">UTC; null is now. Only timers and delayed starts have one.</param>
/// <param name="Id">Of an event: a second message of the same id is not kept while the first waits. Null for the rest.</param>
/// <param name="Key">Of the instance that it is for (<see cref="TakenInstance.Key"/>); null is for whichever has the id.</param>
internal sealed record NewMessage(
    string InstanceId, int? Execution, ReceivedEvent Event, DateTimeOffset? DueAt = null, Guid? Id = null, long? Key = null);

/// <param name="StartAt">UTC; null is now.</param>
internal sealed record NewInstance(string InstanceId, ExecutionStarted Start, DateTimeOffset? StartAt = null);

internal enum CreateResult
{
    Created,

    /// <summary>One of the same id is there, in a status in which it is not replaced.</summary>
    Exists,
}

/// <param name="Status">Number of <c>OrchestrationRuntimeStatus</c>.</param>
/// <param name="Input">Null unless payloads were asked for; so are <paramref name="Output"/> and <paramref name="CustomStatus"/>.</param>
internal sealed record InstanceState(
    string InstanceId,
    string Name,
    string? Version,
    int Status,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? EndedAt,
    string? Input,
    string? Output,
    string? CustomStatus,
    TaskFailureDetails? Failure,
    IReadOnlyDictionary<string, string>? Tags);

/// <param name="Statuses">Empty: any.</param>
/// <param name="CreatedFrom">UTC, inclusive; so is <paramref name="CreatedTo"/>.</param>
/// <param name="EndedFrom">UTC, inclusive; so is <paramref name="EndedTo"/>.</param>
internal sealed record InstanceFilter(
    IReadOnlyList<int> Statuses,
    int Max,
    string? IdPrefix = null,
    string? AfterId = null,
    DateTimeOffset? CreatedFrom = null,
    DateTimeOffset? CreatedTo = null,
    DateTimeOffset? EndedFrom = null,
    DateTimeOffset? EndedTo = null,
    bool WithPayloads = false);

/// <summary>For the meter.</summary>
/// <param name="OldestDue">Age of the oldest due message or waiting activity; zero when there is none.</param>
internal sealed record HubState(long Pending, long Running, long Activities, TimeSpan OldestDue);
