using BuildingMgmt.LocalRuntime.Durable.Execution;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>
/// Where the orchestrations of one hub live. There are two: PostgreSQL, and one in memory that a simulation breaks on purpose; one suite of
/// tests holds both to what is written here.
/// </summary>
/// <remarks>
/// <para>Every call is one transaction: it happens whole or not at all. When one throws, nobody knows which: then the caller forgets what it
/// held in memory of the instances concerned and takes them again. All calls may be repeated: a repeated one finds its work done and says so.</para>
/// <para>An instance and an activity belong to at most one worker. A worker lives as long as it renews; its time is the store's own clock, not
/// its process's. Whoever takes what a dead worker held becomes the owner, and from then on every write of the dead one is refused
/// (<see cref="StepReceipt.Accepted"/>, <see cref="ResultReceipt.Accepted"/>): it is the owner column that fences, together with
/// <see cref="StepCommit.Step"/>, which grows by one with every step and is never reset.</para>
/// <para>Wakes are hints. A lost one costs a poll, not a message.</para>
/// </remarks>
internal interface IDurableStore
{
    /// <summary>Makes a live worker. Its id is never used again.</summary>
    Task<long> EnterAsync(CancellationToken cancellationToken);

    /// <summary>Prolongs the worker's life by the lease of <see cref="DurableTimes"/>. False when it has died before: then it enters anew.</summary>
    Task<bool> RenewAsync(long worker, CancellationToken cancellationToken);

    /// <summary>Gives up all that the worker holds, at once.</summary>
    Task LeaveAsync(long worker, CancellationToken cancellationToken);

    /// <summary>Takes what is due: instances with due messages, and activities; its own first, then those that nobody alive owns.</summary>
    Task<Taken> TakeAsync(TakeRequest request, CancellationToken cancellationToken);

    /// <summary>The history of instances that the worker owns, each whole and in order. What it does not own is left out.</summary>
    Task<IReadOnlyList<LoadedHistory>> LoadAsync(long worker, IReadOnlyList<string> instanceIds, CancellationToken cancellationToken);

    /// <summary>Commits steps of different instances. Each is accepted or refused by itself; a receipt for each, in order.</summary>
    /// <param name="activitiesMax">As many of the activities that the steps scheduled are taken for this worker at once.</param>
    Task<IReadOnlyList<StepReceipt>> CommitStepsAsync(
        long worker, IReadOnlyList<StepCommit> steps, int activitiesMax, CancellationToken cancellationToken);

    /// <summary>Exchanges activities for their results, as messages to their instances. A receipt for each, in order.</summary>
    Task<IReadOnlyList<ResultReceipt>> CommitResultsAsync(
        long worker, IReadOnlyList<ActivityResult> results, CancellationToken cancellationToken);

    /// <summary>Gives up instances that the worker has at rest, so that any process may take their next message.</summary>
    Task ReleaseAsync(long worker, IReadOnlyList<string> instanceIds, CancellationToken cancellationToken);

    /// <summary>Makes an instance with its first message.</summary>
    /// <param name="owner">A worker of this process that has room for it; null leaves it to whoever is first.</param>
    /// <param name="replaceable">Statuses (numbers of <c>OrchestrationRuntimeStatus</c>) in which one of the same id is replaced, with all its history.</param>
    Task<CreateResult> CreateAsync(NewInstance instance, long? owner, IReadOnlyList<int> replaceable, CancellationToken cancellationToken);

    /// <summary>Sends to an instance. False when there is none, or it has ended.</summary>
    Task<bool> SendAsync(NewMessage message, CancellationToken cancellationToken);

    Task<InstanceState?> GetAsync(string instanceId, bool withPayloads, CancellationToken cancellationToken);

    /// <summary>Instances in the order of their ids, from behind <see cref="InstanceFilter.AfterId"/>.</summary>
    Task<IReadOnlyList<InstanceState>> QueryAsync(InstanceFilter filter, CancellationToken cancellationToken);

    /// <summary>Which of these have ended, or do not exist (any more).</summary>
    Task<IReadOnlyList<string>> EndedAsync(IReadOnlyList<string> instanceIds, CancellationToken cancellationToken);

    /// <summary>Removes an instance that has ended, with its history, and with <paramref name="recursive"/> its ended sub-orchestrations.</summary>
    /// <returns>How many were removed: 0 when there is none or it has not ended.</returns>
    Task<int> PurgeAsync(string instanceId, bool recursive, CancellationToken cancellationToken);

    /// <summary>Removes ended instances that match, oldest first, at most <see cref="InstanceFilter.Max"/> of them.</summary>
    Task<int> PurgeAsync(InstanceFilter filter, CancellationToken cancellationToken);

    Task<HubState> ReadHubAsync(CancellationToken cancellationToken);

    /// <summary>Calls <paramref name="wake"/> whenever another process says that there may be something for this worker, until cancelled. Never throws for a lost connection.</summary>
    Task ListenAsync(long worker, Action wake, CancellationToken cancellationToken);
}
