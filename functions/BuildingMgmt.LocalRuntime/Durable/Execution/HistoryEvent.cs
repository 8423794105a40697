using System.Text.Json.Serialization;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Durable.Execution;

/// <summary>
/// One thing that happened to an execution of an orchestration, in the order in which its code sees it. What is kept is JSON: the short type
/// names are written to databases, so they never change, and a new member needs a default. All times are UTC. Payloads are JSON text made by
/// the app's data converter; null is no value.
/// </summary>
/// <remarks>
/// A step's events are: <see cref="StepStarted"/>, then what its messages brought, in their order, then what the code did about it. An
/// <c>Id</c> numbers what the code did, from 0, in the order in which it did it, anew for each execution: replay compares by it, and a
/// result names by it what it answers.
/// </remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "t")]
[JsonDerivedType(typeof(StepStarted), "step")]
[JsonDerivedType(typeof(ExecutionStarted), "start")]
[JsonDerivedType(typeof(TaskScheduled), "task")]
[JsonDerivedType(typeof(TaskCompleted), "task+")]
[JsonDerivedType(typeof(TaskFailed), "task-")]
[JsonDerivedType(typeof(ChildCreated), "child")]
[JsonDerivedType(typeof(ChildCompleted), "child+")]
[JsonDerivedType(typeof(ChildFailed), "child-")]
[JsonDerivedType(typeof(TimerCreated), "timer")]
[JsonDerivedType(typeof(TimerFired), "timer+")]
[JsonDerivedType(typeof(EventSent), "send")]
[JsonDerivedType(typeof(EventRaised), "event")]
[JsonDerivedType(typeof(ExecutionSuspended), "suspend")]
[JsonDerivedType(typeof(ExecutionResumed), "resume")]
[JsonDerivedType(typeof(ExecutionTerminated), "terminate")]
[JsonDerivedType(typeof(CodeLeft), "left")]
[JsonDerivedType(typeof(ExecutionCompleted), "end")]
internal abstract record HistoryEvent;

/// <summary>What the code does, and replay compares: its <c>Id</c> counts from 0 in each execution.</summary>
internal abstract record ActionEvent(int Id) : HistoryEvent;

/// <summary>What a message brings.</summary>
internal abstract record ReceivedEvent : HistoryEvent;

/// <summary>The time that the code reads as <c>CurrentUtcDateTime</c> until the next step.</summary>
internal sealed record StepStarted(DateTimeOffset Time) : HistoryEvent;

/// <summary>First event of an execution. After continue-as-new it comes again, with the new input.</summary>
/// <param name="TraceParent">Of the one who started it, as <see cref="BuildingMgmt.LocalRuntime.Functions.TraceText"/> writes it.</param>
internal sealed record ExecutionStarted(
    string Name,
    string? Version,
    string? Input,
    ParentTask? Parent,
    string? TraceParent,
    IReadOnlyDictionary<string, string>? Tags = null) : ReceivedEvent;

/// <summary>The task of a parent orchestration that a sub-orchestration answers.</summary>
/// <param name="Key">Tells the parent from one that is given its id when it has been purged; null was written by an older version.</param>
internal sealed record ParentTask(string InstanceId, string Name, int Execution, int TaskId, long? Key = null)
{
    public bool IsSame(ParentTask? other) => this == (other is { Key: null } ? other with { Key = Key } : other);
}

internal sealed record TaskScheduled(
    int Id, string Name, string? Version, string? Input, IReadOnlyDictionary<string, string>? Tags = null) : ActionEvent(Id);

internal sealed record TaskCompleted(int Id, string? Output) : ReceivedEvent;

internal sealed record TaskFailed(int Id, TaskFailureDetails Failure) : ReceivedEvent;

/// <param name="InstanceId">Given by the code, or made from the parent's id, its execution and this id, so that every replay makes the same.</param>
internal sealed record ChildCreated(
    int Id, string InstanceId, string Name, string? Version, string? Input, IReadOnlyDictionary<string, string>? Tags = null) : ActionEvent(Id);

internal sealed record ChildCompleted(int Id, string? Output) : ReceivedEvent;

internal sealed record ChildFailed(int Id, TaskFailureDetails Failure) : ReceivedEvent;

internal sealed record TimerCreated(int Id, DateTimeOffset FireAt) : ActionEvent(Id);

internal sealed record TimerFired(int Id) : ReceivedEvent;

internal sealed record EventSent(int Id, string InstanceId, string Name, string? Payload) : ActionEvent(Id);

/// <param name="MessageId">Made by the sender. An event whose id the execution has seen is a double and changes nothing.</param>
internal sealed record EventRaised(string Name, string? Payload, Guid MessageId) : ReceivedEvent;

/// <summary>From here on messages are kept, and the code does not run, until <see cref="ExecutionResumed"/>.</summary>
internal sealed record ExecutionSuspended(string? Reason) : ReceivedEvent;

internal sealed record ExecutionResumed(string? Reason) : ReceivedEvent;

/// <param name="Recursive">Sub-orchestrations that have not ended are terminated as well.</param>
/// <param name="By">The task of a parent that ends with all its sub-orchestrations: whoever else has the id goes on. Null is a client.</param>
internal sealed record ExecutionTerminated(string? Output, bool Recursive, ParentTask? By = null) : ReceivedEvent;

/// <summary>The code went on outside of a step, so that nothing it does is recorded any more: the execution fails.</summary>
internal sealed record CodeLeft : ReceivedEvent;

/// <summary>Last event of an execution.</summary>
internal sealed record ExecutionCompleted(EndStatus Status, string? Output, TaskFailureDetails? Failure) : HistoryEvent;

/// <summary>How an execution ended. Numbers are those of <c>OrchestrationRuntimeStatus</c>, which is written to databases.</summary>
internal enum EndStatus
{
    Completed = 1,
    ContinuedAsNew = 2,
    Failed = 3,
    Terminated = 5,
}
