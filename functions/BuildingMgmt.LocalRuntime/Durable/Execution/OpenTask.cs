namespace BuildingMgmt.LocalRuntime.Durable.Execution;

internal enum OpenTaskKind
{
    Activity,
    Child,
    Timer,
}

/// <summary>A task that the code has begun and that nothing has answered yet. Its source gives the result as text.</summary>
internal sealed class OpenTask(OpenTaskKind kind, int id, string name)
{
    // Continuations run at once: the engine completes tasks on the code's own thread only.
    public TaskCompletionSource<string?> Source { get; } = new();

    public OpenTaskKind Kind => kind;

    public int Id => id;

    public string Name => name;

    /// <summary>Of a sub-orchestration.</summary>
    public string? InstanceId { get; init; }

    /// <summary>Of a timer.</summary>
    public DateTimeOffset? FireAt { get; init; }
}
