using System.Diagnostics;
using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Functions;
using DurableTask.Core.Exceptions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace BuildingMgmt.LocalRuntime.Durable.Client;

/// <summary>What a client has of the worker in its process.</summary>
internal interface ILocalWorker
{
    /// <summary>A worker that has room for a new orchestration; null when there is none.</summary>
    long? Owner { get; }

    /// <summary>There is something new in the store.</summary>
    void Wake();
}

/// <summary>The client of a hub, right on its store.</summary>
/// <param name="open">Gives the store, or throws while it cannot be reached.</param>
internal sealed class StoreDurableTaskClient(
    string hub, Func<CancellationToken, ValueTask<IDurableStore>> open, DataConverter converter, CompletionWaits waits, ILocalWorker worker, TimeProvider time)
    : DurableTaskClient(hub)
{
    // The real host refuses an id whose orchestration has not ended, unless a start says otherwise.
    private static readonly OrchestrationRuntimeStatus[] DedupeByDefault =
    [
        OrchestrationRuntimeStatus.Running,
        OrchestrationRuntimeStatus.ContinuedAsNew,
        OrchestrationRuntimeStatus.Pending,
        OrchestrationRuntimeStatus.Suspended,
    ];

    public override async Task<string> ScheduleNewOrchestrationInstanceAsync(
        TaskName orchestratorName, object? input = null, StartOrchestrationOptions? options = null, CancellationToken cancellation = default)
    {
        var instanceId = options?.InstanceId is { Length: > 0 } given ? given : InstanceIds.New();
        InstanceIds.Check(instanceId);
        TaskNames.Check(orchestratorName.Name, "An orchestrator's name", nameof(orchestratorName));
        TaskNames.CheckVersion(options?.Version, nameof(options));
        var replaceable = Replaceable(options?.DedupeStatuses);
        var startAt = options?.StartAt?.ToUniversalTime();
        var start = new ExecutionStarted(
            orchestratorName.Name,
            options?.Version is { Version.Length: > 0 } version ? version.Version : null,
            Payloads.Bounded(converter.Serialize(input), $"The input of orchestrator \"{orchestratorName.Name}\""),
            Parent: null,
            TraceText.Of(Activity.Current),
            options?.Tags is { Count: > 0 } tags ? tags : null);
        var store = await open(cancellation).ConfigureAwait(false);
        var result = await store.CreateAsync(new NewInstance(instanceId, start, startAt), startAt is null ? worker.Owner : null, replaceable, cancellation).ConfigureAwait(false);
        if (result == CreateResult.Exists)
        {
            throw new OrchestrationAlreadyExistsException(
                $"An orchestration with the id \"{instanceId}\" exists already and was not replaced, because its status is none of: "
                + $"{string.Join(", ", replaceable.Select(status => (OrchestrationRuntimeStatus)status))}. Terminate it, wait for its end, or give another id.");
        }

        worker.Wake();
        return instanceId;
    }

    public override async Task RaiseEventAsync(
        string instanceId, string eventName, object? eventPayload = null, CancellationToken cancellation = default)
    {
        TaskNames.Check(instanceId, "An instance id", nameof(instanceId));
        TaskNames.Check(eventName, "An event's name", nameof(eventName));
        var id = Guid.NewGuid();
        var raised = new EventRaised(eventName, Payloads.Bounded(converter.Serialize(eventPayload), $"Event \"{eventName}\""), id);
        await SendAsync(new NewMessage(instanceId, Execution: null, raised, Id: id), $"be sent event \"{eventName}\"", cancellation).ConfigureAwait(false);
    }

    public override async Task TerminateInstanceAsync(
        string instanceId, TerminateInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        TaskNames.Check(instanceId, "An instance id", nameof(instanceId));
        var terminated = new ExecutionTerminated(Payloads.Bounded(converter.Serialize(options?.Output), "The output"), options?.Recursive ?? false);
        await SendAsync(new NewMessage(instanceId, Execution: null, terminated), "be terminated", cancellation).ConfigureAwait(false);
    }

    public override async Task SuspendInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
    {
        var status = await StatusAsync(instanceId, cancellation).ConfigureAwait(false);
        if (status == OrchestrationRuntimeStatus.Suspended)
            throw Refused(instanceId, "be suspended", "it is suspended already");
        await SendAsync(new NewMessage(instanceId, Execution: null, new ExecutionSuspended(reason)), "be suspended", cancellation).ConfigureAwait(false);
    }

    public override async Task ResumeInstanceAsync(string instanceId, string? reason = null, CancellationToken cancellation = default)
    {
        var status = await StatusAsync(instanceId, cancellation).ConfigureAwait(false);
        if (status is not null and not OrchestrationRuntimeStatus.Suspended)
            throw Refused(instanceId, "be resumed", $"its status is {status}; a suspension that was asked for takes effect with its next step, so wait until it is Suspended");
        await SendAsync(new NewMessage(instanceId, Execution: null, new ExecutionResumed(reason)), "be resumed", cancellation).ConfigureAwait(false);
    }

    public override async Task<OrchestrationMetadata?> GetInstancesAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
    {
        TaskNames.Check(instanceId, "An instance id", nameof(instanceId));
        var store = await open(cancellation).ConfigureAwait(false);
        return await store.GetAsync(instanceId, getInputsAndOutputs, cancellation).ConfigureAwait(false) is { } state
            ? Metadata(state, getInputsAndOutputs)
            : null;
    }

    public override AsyncPageable<OrchestrationMetadata> GetAllInstancesAsync(OrchestrationQuery? filter = null)
    {
        var query = filter ?? new OrchestrationQuery();
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(query.PageSize, nameof(filter));
        if (query.InstanceIdPrefix is { Length: > 0 } prefix)
            TaskNames.Check(prefix, "A prefix of instance ids", nameof(filter));
        if (query.TaskHubNames?.FirstOrDefault(name => !name.Equals(Name, StringComparison.OrdinalIgnoreCase)) is { } other)
            throw new ArgumentException($"Task hub \"{other}\" is not this client's hub \"{Name}\"; only that one can be asked.", nameof(filter));
        return Pageable.Create(async (token, size, cancellation) =>
        {
            var pageSize = size ?? query.PageSize;
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageSize, "pageSizeHint");
            var store = await open(cancellation).ConfigureAwait(false);
            var states = await store.QueryAsync(
                new InstanceFilter(
                    Numbers(query.Statuses),
                    OneMore(pageSize),
                    string.IsNullOrEmpty(query.InstanceIdPrefix) ? null : query.InstanceIdPrefix,
                    Checked(token ?? query.ContinuationToken),
                    query.CreatedFrom?.ToUniversalTime(),
                    query.CreatedTo?.ToUniversalTime(),
                    WithPayloads: query.FetchInputsAndOutputs),
                cancellation).ConfigureAwait(false);
            var (page, next) = Cut(states, pageSize);
            return new Page<OrchestrationMetadata>([.. page.Select(state => Metadata(state, query.FetchInputsAndOutputs))], next);
        });
    }

    public override async Task<Page<string>> ListInstanceIdsAsync(
        IEnumerable<OrchestrationRuntimeStatus>? runtimeStatus = null,
        DateTimeOffset? completedTimeFrom = null,
        DateTimeOffset? completedTimeTo = null,
        int pageSize = OrchestrationQuery.DefaultPageSize,
        string? lastInstanceKey = null,
        CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(pageSize);
        var store = await open(cancellation).ConfigureAwait(false);
        var states = await store.QueryAsync(
            new InstanceFilter(
                Numbers(runtimeStatus),
                OneMore(pageSize),
                AfterId: Checked(lastInstanceKey),
                EndedFrom: completedTimeFrom?.ToUniversalTime(),
                EndedTo: completedTimeTo?.ToUniversalTime()),
            cancellation).ConfigureAwait(false);
        var (page, next) = Cut(states, pageSize);
        return new Page<string>([.. page.Select(state => state.InstanceId)], next);
    }

    public override async Task<OrchestrationMetadata> WaitForInstanceStartAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
    {
        TaskNames.Check(instanceId, "An instance id", nameof(instanceId));
        var store = await open(cancellation).ConfigureAwait(false);
        for (var pause = PollPause.Shortest; ; pause = PollPause.After(pause))
        {
            var state = await store.GetAsync(instanceId, getInputsAndOutputs, cancellation).ConfigureAwait(false);
            if (state is not null && (OrchestrationRuntimeStatus)state.Status != OrchestrationRuntimeStatus.Pending)
                return Metadata(state, getInputsAndOutputs);
            await Task.Delay(pause, time, cancellation).ConfigureAwait(false);
        }
    }

    public override async Task<OrchestrationMetadata> WaitForInstanceCompletionAsync(
        string instanceId, bool getInputsAndOutputs = false, CancellationToken cancellation = default)
    {
        TaskNames.Check(instanceId, "An instance id", nameof(instanceId));
        var store = await open(cancellation).ConfigureAwait(false);
        for (var pause = PollPause.Shortest; ; pause = PollPause.After(pause))
        {
            using var waiter = waits.Enter(instanceId);
            var state = await store.GetAsync(instanceId, getInputsAndOutputs, cancellation).ConfigureAwait(false);
            if (state is not null && Metadata(state, getInputsAndOutputs) is { IsCompleted: true } ended)
                return ended;
            await waiter.Ended.WaitAsync(cancellation).ConfigureAwait(false);

            // One that does not exist counts as ended, and may come yet.
            if (state is null)
                await Task.Delay(pause, time, cancellation).ConfigureAwait(false);
        }
    }

    public override async Task<PurgeResult> PurgeInstanceAsync(
        string instanceId, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        TaskNames.Check(instanceId, "An instance id", nameof(instanceId));
        var store = await open(cancellation).ConfigureAwait(false);
        return new PurgeResult(await store.PurgeAsync(instanceId, options?.Recursive ?? false, cancellation).ConfigureAwait(false), isComplete: true);
    }

    public override async Task<PurgeResult> PurgeAllInstancesAsync(
        PurgeInstancesFilter filter, PurgeInstanceOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(filter);
        if (filter.Timeout <= TimeSpan.Zero)
            throw new ArgumentOutOfRangeException(nameof(filter), filter.Timeout, "PurgeInstancesFilter.Timeout must be longer than nothing.");
        var began = time.GetTimestamp();
        var matching = new InstanceFilter(
            Numbers(filter.Statuses), InstancePurges.InstancesMax, CreatedFrom: filter.CreatedFrom?.ToUniversalTime(), CreatedTo: filter.CreatedTo?.ToUniversalTime());
        var store = await open(cancellation).ConfigureAwait(false);
        return await InstancePurges.PurgeAsync(
            store, matching, options?.Recursive ?? false, () => time.GetElapsedTime(began) > filter.Timeout, cancellation).ConfigureAwait(false);
    }

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static IReadOnlyList<int> Numbers(IEnumerable<OrchestrationRuntimeStatus>? statuses) =>
        statuses is null ? [] : [.. statuses.Select(status => (int)status).Distinct()];

    private static string? Checked(string? token)
    {
        if (token is { Length: > 0 })
            TaskNames.Check(token, "A continuation token", nameof(token));
        return token;
    }

    // One more than the page is asked for, so that the last page says that it is the last.
    private static int OneMore(int pageSize) => pageSize == int.MaxValue ? pageSize : pageSize + 1;

    private static (IEnumerable<InstanceState> Page, string? Next) Cut(IReadOnlyList<InstanceState> states, int pageSize) =>
        states.Count <= pageSize ? (states, null) : (states.Take(pageSize), states[pageSize - 1].InstanceId);

    private static int[] Replaceable(IReadOnlyList<string>? dedupe)
    {
        var kept = dedupe?.Select(status => Enum.TryParse<OrchestrationRuntimeStatus>(status, ignoreCase: true, out var known) && Enum.IsDefined(known)
            ? known
            : throw new ArgumentException($"Dedupe status \"{status}\" is no status of an orchestration.")) ?? DedupeByDefault;
        return [.. Enum.GetValues<OrchestrationRuntimeStatus>().Except(kept).Select(status => (int)status)];
    }

    private static InvalidOperationException Refused(string instanceId, string what, string why) =>
        new($"Orchestration \"{instanceId}\" cannot {what}: {why}.");

    private async Task<OrchestrationRuntimeStatus?> StatusAsync(string instanceId, CancellationToken cancellation)
    {
        TaskNames.Check(instanceId, "An instance id", nameof(instanceId));
        var store = await open(cancellation).ConfigureAwait(false);
        return (OrchestrationRuntimeStatus?)(await store.GetAsync(instanceId, withPayloads: false, cancellation).ConfigureAwait(false))?.Status;
    }

    private async Task SendAsync(NewMessage message, string what, CancellationToken cancellation)
    {
        var store = await open(cancellation).ConfigureAwait(false);
        if (!await store.SendAsync(message, cancellation).ConfigureAwait(false))
            throw Refused(message.InstanceId, what, "there is none, or it has ended");
        worker.Wake();
    }

    private OrchestrationMetadata Metadata(InstanceState state, bool withPayloads) => new(state.Name, state.InstanceId)
    {
        RuntimeStatus = (OrchestrationRuntimeStatus)state.Status,
        CreatedAt = state.CreatedAt,
        LastUpdatedAt = state.UpdatedAt,
        Tags = state.Tags ?? new Dictionary<string, string>(),
        DataConverter = withPayloads ? converter : null,
        SerializedInput = withPayloads ? state.Input : null,
        SerializedOutput = withPayloads ? state.Output : null,
        SerializedCustomStatus = withPayloads ? state.CustomStatus : null,
        FailureDetails = withPayloads ? state.Failure : null,
    };
}
