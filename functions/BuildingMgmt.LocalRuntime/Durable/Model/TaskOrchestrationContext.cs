using Microsoft.DurableTask.Abstractions;
using Microsoft.Extensions.Logging;

namespace Microsoft.DurableTask;

/// <summary>What an orchestrator knows and can do. All of it gives the same in every replay.</summary>
public abstract partial class TaskOrchestrationContext
{
    /// <summary>Name of the orchestration.</summary>
    public abstract TaskName Name { get; }

    /// <summary>Id of the instance.</summary>
    public abstract string InstanceId { get; }

    /// <summary>The orchestration that called it; null when a client started it.</summary>
    public abstract ParentOrchestrationInstance? Parent { get; }

    /// <summary>Time at which the step began that the code is in, UTC.</summary>
    public abstract DateTime CurrentUtcDateTime { get; }

    /// <summary>Whether the code does again what it did before.</summary>
    public abstract bool IsReplaying { get; }

    /// <summary>Version of the orchestration; empty for none.</summary>
    public virtual string Version => "";

    /// <summary>Loggers that are silent while the code is replayed.</summary>
    public virtual ILoggerFactory ReplaySafeLoggerFactory => replaySafe ??= new SafeLoggerFactory(this);

    /// <summary>Loggers that replay does not silence.</summary>
    protected abstract ILoggerFactory LoggerFactory { get; }

    /// <summary>Input of the orchestration.</summary>
    public abstract T? GetInput<T>();

    /// <summary>Calls an activity without a result.</summary>
    public virtual Task CallActivityAsync(TaskName name, TaskOptions options) => CallActivityAsync(name, null, options);

    /// <summary>Calls an activity without a result.</summary>
    public virtual Task CallActivityAsync(TaskName name, object? input = null, TaskOptions? options = null) =>
        CallActivityAsync<object>(name, input, options);

    /// <summary>Calls an activity.</summary>
    public virtual Task<TResult> CallActivityAsync<TResult>(TaskName name, TaskOptions options) =>
        CallActivityAsync<TResult>(name, null, options);

    /// <summary>Calls an activity.</summary>
    /// <exception cref="TaskFailedException">The activity has failed, and was not to be tried again.</exception>
    public abstract Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null);

    /// <summary>Calls a sub-orchestration without a result.</summary>
    public virtual Task CallSubOrchestratorAsync(TaskName orchestratorName, TaskOptions options) =>
        CallSubOrchestratorAsync(orchestratorName, null, options);

    /// <summary>Calls a sub-orchestration without a result.</summary>
    public virtual Task CallSubOrchestratorAsync(TaskName orchestratorName, object? input = null, TaskOptions? options = null) =>
        CallSubOrchestratorAsync<object>(orchestratorName, input, options);

    /// <summary>Calls a sub-orchestration.</summary>
    public virtual Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, TaskOptions options) =>
        CallSubOrchestratorAsync<TResult>(orchestratorName, null, options);

    /// <summary>Calls a sub-orchestration.</summary>
    /// <exception cref="TaskFailedException">It has failed, and was not to be tried again.</exception>
    public abstract Task<TResult> CallSubOrchestratorAsync<TResult>(
        TaskName orchestratorName, object? input = null, TaskOptions? options = null);

    /// <summary>A task that ends after a delay, or is cancelled.</summary>
    public virtual Task CreateTimer(TimeSpan delay, CancellationToken cancellationToken) =>
        CreateTimer(CurrentUtcDateTime.Add(delay), cancellationToken);

    /// <summary>A task that ends at a time, or is cancelled. One that has passed ends it at once; there is no longest one.</summary>
    /// <param name="fireAt">UTC, as <see cref="CurrentUtcDateTime"/> is. A time of another kind is taken for one of this machine's zone.</param>
    /// <param name="cancellationToken">To be cancelled by the orchestrator itself, in a step.</param>
    public abstract Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken);

    /// <summary>A task that ends with the next event of a name. Events that came before are kept until someone waits for them.</summary>
    /// <param name="eventName">Case does not matter.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public abstract Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default);

    /// <summary>Waits for an event until a timeout, after which the task is cancelled.</summary>
    public Task<T> WaitForExternalEvent<T>(string eventName, TimeSpan timeout) =>
        WaitForExternalEvent<T>(eventName, timeout, CancellationToken.None);

    /// <summary>Waits for an event until a timeout, after which the task is cancelled.</summary>
    public async Task<T> WaitForExternalEvent<T>(string eventName, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var timerEnds = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var timer = CreateTimer(timeout, timerEnds.Token);
        using var waitEnds = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var wait = WaitForExternalEvent<T>(eventName, waitEnds.Token);
        var first = await Task.WhenAny(timer, wait);
        // Not CancelAsync: that leaves the orchestrator's thread.
        (first == wait ? timerEnds : waitEnds).Cancel();
        return await wait;
    }

    /// <summary>Raises an event in another instance. When there is none, nothing happens.</summary>
    public abstract void SendEvent(string instanceId, string eventName, object payload);

    /// <summary>Sets what the status says beside input and output.</summary>
    public abstract void SetCustomStatus(object? customStatus);

    /// <summary>Ends this execution when the code returns, and starts the next with a new input and no history.</summary>
    public abstract void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true);

    /// <summary>Ends this execution when the code returns, and starts the next with a new input and no history.</summary>
    public virtual void ContinueAsNew(ContinueAsNewOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (!string.IsNullOrWhiteSpace(options.NewVersion))
            throw new NotSupportedException("This context cannot change the version.");
        ContinueAsNew(options.NewInput, options.PreserveUnprocessedEvents);
    }

    /// <summary>A GUID that is the same in every replay.</summary>
    public abstract Guid NewGuid();

    /// <summary>Less than 0 when the orchestration's version is older than this one, 0 when it is the same.</summary>
    public virtual int CompareVersionTo(string version) => TaskOrchestrationVersioningUtils.CompareVersions(Version, version);
}
