namespace Microsoft.DurableTask.Client;

/// <summary>Where an orchestration stands. The numbers are kept in databases.</summary>
public enum OrchestrationRuntimeStatus
{
    /// <summary>Its code has begun.</summary>
    Running = 0,

    /// <summary>Its code returned.</summary>
    Completed = 1,

    /// <summary>It begins anew with another input. Never kept: the next execution follows at once.</summary>
    ContinuedAsNew = 2,

    /// <summary>Its code threw.</summary>
    Failed = 3,

    /// <summary>Not used here.</summary>
    Canceled = 4,

    /// <summary>A client ended it.</summary>
    Terminated = 5,

    /// <summary>It waits for its first step.</summary>
    Pending = 6,

    /// <summary>It keeps what comes and does not run until it is resumed.</summary>
    Suspended = 7,
}
