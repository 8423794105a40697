using System.Text.Json;
using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.Testing.Durable;
using Microsoft.DurableTask;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>Holds a store to what <see cref="IDurableStore"/> promises. Every test has a hub of its own.</summary>
public abstract partial class DurableStoreContract : IAsyncLifetime
{
    private protected static readonly string[] None = [];

    /// <summary>The hub as the first process sees it.</summary>
    private protected abstract IDurableStore Store { get; }

    /// <summary>The store's clock.</summary>
    private protected abstract TimeProvider Clock { get; }

    /// <summary>Workers of the test that were ever made.</summary>
    private protected List<long> Workers { get; } = [];

    private protected static CancellationToken Token => TestContext.Current.CancellationToken;

    private DateTimeOffset Now => Clock.GetUtcNow();

    public abstract ValueTask InitializeAsync();

    public abstract ValueTask DisposeAsync();

    /// <summary>The same hub as another process sees it.</summary>
    private protected abstract Task<IDurableStore> OpenAgainAsync();

    /// <summary>Another hub, where the first one is.</summary>
    private protected abstract Task<IDurableStore> OpenOtherHubAsync();

    /// <summary>Makes the worker die, as if it had not renewed. The others go on living.</summary>
    private protected abstract Task ExpireAsync(long worker);

    /// <summary>
    /// Makes it so much later, while all workers renew: either the clock goes on, or every time that the store has written moves back. So a test
    /// reads what it compares only afterwards.
    /// </summary>
    private protected abstract Task PassAsync(TimeSpan time);

    private protected async Task<long> EnterAsync(IDurableStore? store = null)
    {
        var worker = await (store ?? Store).EnterAsync(Token);
        Workers.Add(worker);
        return worker;
    }

    private protected static ExecutionStarted Start(string? input = null, ParentTask? parent = null) => StoreCalls.Start(input, parent);

    private protected Task<CreateResult> CreateAsync(
        string id, long? owner = null, string? input = null, DateTimeOffset? startAt = null, params int[] replaceable) =>
        Store.CreateAsync(new(id, Start(input), startAt), owner, replaceable, Token);

    private protected Task<bool> SendAsync(string id, ReceivedEvent sent, DateTimeOffset? dueAt = null, int? execution = null, Guid? messageId = null) =>
        Store.SendAsync(new(id, execution, sent, dueAt, messageId), Token);

    private protected static EventRaised Event(string name, string? payload = null) => new(name, payload, Guid.NewGuid());

    private protected static NewActivity Activity(int taskId, string name = "Work") => new(taskId, name, null, null, null, null);

    private protected Task<Taken> TakeAsync(
        long worker, int instances = 100, int activities = 100, IReadOnlyCollection<string>? busy = null, IReadOnlyCollection<long>? running = null,
        IDurableStore? store = null) =>
        (store ?? Store).TakeAsync(worker, instances, activities, busy, running);

    /// <summary>Takes one instance, which must be due; others are left alone.</summary>
    private protected async Task<TakenInstance> TakeOnlyAsync(long worker)
    {
        var taken = await TakeAsync(worker, activities: 0);
        return Assert.Single(taken.Instances);
    }

    private protected async Task<IReadOnlyList<ActivityWork>> TakeActivitiesAsync(long worker, int max = 100, params long[] running) =>
        (await TakeAsync(worker, instances: 0, activities: max, running: running)).Activities;

    private protected async Task<string[]> TakenIdsAsync(long worker, int max = 100, params string[] busy) =>
        [.. (await TakeAsync(worker, max, 0, busy)).Instances.Select(instance => instance.InstanceId)];

    /// <summary>A step that uses up all messages and goes on; what a test is about it sets itself.</summary>
    private protected static StepCommit Step(TakenInstance taken) => taken.Step();

    private protected static StepCommit End(TakenInstance taken, int status = Statuses.Completed, string? output = null) => taken.End(status, output);

    private protected static StepCommit Restart(TakenInstance taken, string? input = null, params ReceivedEvent[] events) =>
        Step(taken) with
        {
            State = new(Statuses.Running, null, null, null, null, input),
            Restart = [Start(input), .. events],
        };

    private protected Task<StepReceipt> CommitAsync(long worker, StepCommit step, int activitiesMax = 0) => Store.CommitAsync(worker, step, activitiesMax);

    private protected async Task<StepReceipt> AcceptedAsync(long worker, StepCommit step, int activitiesMax = 0)
    {
        var receipt = await CommitAsync(worker, step, activitiesMax);
        Assert.True(receipt.Accepted);
        return receipt;
    }

    private protected async Task<ResultReceipt> ResultAsync(long worker, ActivityWork work, string? output = null) =>
        Assert.Single(await Store.CommitResultsAsync(worker, [new(work, new TaskCompleted(work.TaskId, output))], Token));

    /// <summary>An instance that the worker has taken and not stepped yet.</summary>
    private protected async Task<TakenInstance> NewAsync(long worker, string id)
    {
        Assert.Equal(CreateResult.Created, await CreateAsync(id, worker));
        return (await TakeAsync(worker, activities: 0)).Instances.Single(instance => instance.InstanceId == id);
    }

    /// <summary>An instance that the worker has at rest after its first step.</summary>
    private protected async Task<TakenInstance> RestingAsync(long worker, string id, params NewActivity[] activities)
    {
        var taken = await NewAsync(worker, id);
        await AcceptedAsync(worker, Step(taken) with { Activities = activities });
        return After(taken);
    }

    private protected async Task EndedAsync(long worker, string id, int status = Statuses.Completed) =>
        await AcceptedAsync(worker, End(await NewAsync(worker, id), status));

    /// <summary>The instance after a step, with no messages.</summary>
    private protected static TakenInstance After(TakenInstance taken) => taken with { Step = taken.Step + 1, Messages = [] };

    private protected async Task<InstanceState> GetAsync(string id)
    {
        var state = await Store.GetAsync(id, withPayloads: true, Token);
        Assert.NotNull(state);
        return state;
    }

    private protected async Task<IReadOnlyList<HistoryEvent>> HistoryAsync(long worker, string id) =>
        Assert.Single(await Store.LoadAsync(worker, [id], Token)).Events;

    /// <summary>Dictionaries in records are equal only when they are the same; as JSON they are compared by what is in them.</summary>
    private protected static void AssertSame(IEnumerable<HistoryEvent> expected, IEnumerable<HistoryEvent> actual) =>
        Assert.Equal(expected.Select(Json), actual.Select(Json));

    private protected static string Json(HistoryEvent happened) => JsonSerializer.Serialize(happened);

    private protected static TaskFailureDetails Failure(string message) => new("Example.Exception", message, "at Example", null, null);
}
