namespace Microsoft.DurableTask;

/// <summary>An activity or a sub-orchestration has failed.</summary>
public sealed class TaskFailedException : Exception
{
    /// <summary>Makes one from what failed.</summary>
    public TaskFailedException(string taskName, int taskId, TaskFailureDetails failureDetails)
        : base(Text(taskName, taskId, (failureDetails ?? throw new ArgumentNullException(nameof(failureDetails))).ErrorMessage))
    {
        TaskName = taskName;
        TaskId = taskId;
        FailureDetails = failureDetails;
    }

    /// <summary>Makes one from the exception that ended the task.</summary>
    public TaskFailedException(string taskName, int taskId, Exception innerException)
        : base(Text(taskName, taskId, innerException?.Message), innerException)
    {
        ArgumentNullException.ThrowIfNull(innerException);
        TaskName = taskName;
        TaskId = taskId;
        FailureDetails = TaskFailureDetails.FromException(innerException);
    }

    /// <summary>Name of the activity or sub-orchestration.</summary>
    public string TaskName { get; }

    /// <summary>Number of the call in its orchestration.</summary>
    public int TaskId { get; }

    /// <summary>How it failed.</summary>
    public TaskFailureDetails FailureDetails { get; }

    // Apps look for this text in logs: it is that of the real package.
    private static string Text(string name, int id, string? cause) =>
        $"Task '{name}' (#{id}) failed with an unhandled exception{(cause is null ? "." : $": {cause}")}";
}
