namespace BuildingMgmt.LocalRuntime.Durable.Execution;

/// <summary>What one step of an execution led to.</summary>
internal sealed record StepOutcome
{
    /// <summary>What is to be appended to the history: the step's start, what it received, what the code did, and perhaps the end.</summary>
    public required IReadOnlyList<HistoryEvent> Appended { get; init; }

    /// <summary>The part of <see cref="Appended"/> that the code did.</summary>
    public required IReadOnlyList<ActionEvent> Actions { get; init; }

    /// <summary>Timers of this step and of earlier ones that the code cancelled in it: nobody waits for them any more.</summary>
    public IReadOnlyList<TimerCreated> CancelledTimers { get; init; } = [];

    /// <summary>Custom status as JSON, if the code set one in this step.</summary>
    public required string? CustomStatus { get; init; }

    /// <summary>Whether the code set it to null in this step.</summary>
    public bool ClearsCustomStatus { get; init; }

    public required bool Suspended { get; init; }

    /// <summary>Null while the execution goes on.</summary>
    public ExecutionCompleted? End { get; init; }

    /// <summary>What follows an end by continue-as-new.</summary>
    public NextExecution? Next { get; init; }

    /// <summary>Sub-orchestrations that a recursive termination ends with it.</summary>
    public IReadOnlyList<OpenChild> OpenChildren { get; init; } = [];
}

internal sealed record OpenChild(string InstanceId, int TaskId);

/// <summary>The execution after a continue-as-new.</summary>
/// <param name="Start">Its first event: same name, parent, tags and trace, new input, perhaps a new version.</param>
/// <param name="Events">
/// Events that the last one has not taken, in their order. When they were not to be kept, only those that came after the code had asked for the
/// next execution.
/// </param>
internal sealed record NextExecution(ExecutionStarted Start, IReadOnlyList<EventRaised> Events);
