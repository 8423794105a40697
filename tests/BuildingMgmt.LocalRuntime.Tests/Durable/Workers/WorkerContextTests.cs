using System.Collections.Concurrent;
using System.Reflection;
using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Durable.Workers;
using BuildingMgmt.Testing;
using BuildingMgmt.Testing.Durable;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Workers;

/// <summary>A worker on the context that it has in production: what takes long must not hold up the renewal of its lease.</summary>
public sealed class WorkerContextTests : IDurableFunctions
{
    private static readonly string[] CarryPayloads =
    [
        nameof(IDurableStore.TakeAsync), nameof(IDurableStore.LoadAsync), nameof(IDurableStore.CommitStepsAsync), nameof(IDurableStore.CommitResultsAsync),
    ];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Payloads_are_packed_and_unpacked_away_from_the_context_that_renews_the_lease()
    {
        var memory = new MemoryDurableStore(TimeProvider.System);
        var store = DispatchProxy.Create<IDurableStore, WatchedStore>();
        var watched = (WatchedStore)store;
        watched.Store = memory;
        using var meter = new DurableMeter();
        var parts = new WorkerParts(
            store, this, new JsonDataConverter(), new() { ExtendedSessions = false }, new PoolScheduler(), TimeProvider.System, new Random(1),
            NullLoggerFactory.Instance, meter, new EndedInstances());
        var worker = new DurableWorker(parts, new SerialContext());
        await store.CreateAsync(new("a", new("Calls", null, null, null, null)), null, [], Token);
        worker.Start();
        await Eventually.TrueAsync(
            async () => await store.GetAsync("a", false, Token) is { EndedAt: not null }, TimeSpan.FromSeconds(30), "the orchestration has ended", Token);
        await worker.StopAsync(Token);

        Assert.All(CarryPayloads, call => Assert.False(watched.Calls[call]));
    }

    OrchestratorCode? IDurableFunctions.Orchestrator(string name) => async context => await context.CallActivityAsync<string>("Work");

    Task<string?> IDurableFunctions.RunActivityAsync(ActivityWork work, CancellationToken cancellationToken) => Task.FromResult<string?>("\"done\"");
}

/// <summary>Notes on whose context each call begins. One call at a time: the store behind it is no more than that.</summary>
public class WatchedStore : DispatchProxy
{
    internal IDurableStore? Store { get; set; }

    /// <summary>By name; true when one of them began on the worker's context.</summary>
    internal ConcurrentDictionary<string, bool> Calls { get; } = new();

    /// <inheritdoc/>
    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        var holdsUp = SynchronizationContext.Current is SerialContext;
        Calls.AddOrUpdate(targetMethod!.Name, holdsUp, (_, before) => before || holdsUp);
        lock (Store!)
            return targetMethod.Invoke(Store, args);
    }
}
