namespace Microsoft.DurableTask;

/// <summary>What an activity knows of its call.</summary>
public abstract class TaskActivityContext
{
    /// <summary>Name of the activity.</summary>
    public abstract TaskName Name { get; }

    /// <summary>Id of the orchestration that called it.</summary>
    public abstract string InstanceId { get; }

    /// <summary>Version that was called; empty for none.</summary>
    public virtual string Version => "";
}

/// <summary>An activity.</summary>
public interface ITaskActivity
{
    /// <summary>Type of its input.</summary>
    Type InputType { get; }

    /// <summary>Type of its output.</summary>
    Type OutputType { get; }

    /// <summary>Runs it.</summary>
    Task<object?> RunAsync(TaskActivityContext context, object? input);
}

/// <summary>An activity with typed input and output.</summary>
public abstract class TaskActivity<TInput, TOutput> : ITaskActivity
{
    Type ITaskActivity.InputType => typeof(TInput);

    Type ITaskActivity.OutputType => typeof(TOutput);

    /// <summary>Runs it.</summary>
    public abstract Task<TOutput> RunAsync(TaskActivityContext context, TInput input);

    async Task<object?> ITaskActivity.RunAsync(TaskActivityContext context, object? input) =>
        await RunAsync(context, TaskInput.Of<TInput>(input));
}

/// <summary>Input of a class-based task.</summary>
internal static class TaskInput
{
    public static T Of<T>(object? input) => input switch
    {
        null => default!,
        T value => value,
        _ => throw new ArgumentException($"The input is of type {input.GetType()}; {typeof(T)} was expected.", nameof(input)),
    };
}
