using System.Reflection;
using BuildingMgmt.LocalRuntime.Durable.Client;
using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.LocalRuntime.Durable.Workers;
using BuildingMgmt.Testing;
using BuildingMgmt.Testing.Durable;
using Microsoft.DurableTask.Converters;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Client;

public sealed class CompletionWaitsTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wait_that_failed_is_asked_for_no_more()
    {
        var store = BreakableStore.Create(new MemoryDurableStore(TimeProvider.System));
        var breakable = (BreakableStore)store;
        var waits = new CompletionWaits(_ => ValueTask.FromResult(store), new EndedInstances(), TimeProvider.System, NullLogger.Instance);
        await using var client = new StoreDurableTaskClient(
            "Hub", _ => ValueTask.FromResult(store), new JsonDataConverter(), waits, new NoWorker(), TimeProvider.System);
        await store.CreateAsync(New("broken"), null, [], Token);
        await store.CreateAsync(New("whole"), null, [], Token);
        breakable.Fails = call => call == nameof(IDurableStore.GetAsync);
        await Assert.ThrowsAsync<TimeoutException>(() => client.WaitForInstanceCompletionAsync("broken", Token));

        breakable.Fails = _ => false;
        using var given = new CancellationTokenSource();
        var waiting = client.WaitForInstanceCompletionAsync("whole", given.Token);
        await Eventually.TrueAsync(() => Task.FromResult(breakable.Asked("whole") > 2), Deadline, "who still waits is asked for", Token);

        Assert.Equal(0, breakable.Asked("broken"));
        await given.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    private static NewInstance New(string id) => new(id, new ExecutionStarted("Sample", null, null, null, null));

    private sealed class NoWorker : ILocalWorker
    {
        public long? Owner => null;

        public void Wake()
        {
        }
    }
}

/// <summary>A store on the way to which calls may fail, and of which many threads may ask.</summary>
#pragma warning disable CA1852 // The proxy derives from it.
internal class BreakableStore : DispatchProxy
#pragma warning restore CA1852
{
    private readonly Lock _lock = new();
    private readonly List<string> _asked = [];
    private IDurableStore _store = null!;

    public Func<string, bool> Fails { get; set; } = _ => false;

    public static IDurableStore Create(IDurableStore store)
    {
        var proxy = Create<IDurableStore, BreakableStore>();
        ((BreakableStore)proxy)._store = store;
        return proxy;
    }

    /// <summary>How often it was asked whether this instance has ended.</summary>
    public int Asked(string instanceId)
    {
        lock (_lock)
            return _asked.Count(id => id == instanceId);
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
    {
        if (Fails(targetMethod!.Name))
            throw new TimeoutException("The store is away.");
        lock (_lock)
        {
            if (targetMethod.Name == nameof(IDurableStore.EndedAsync))
                _asked.AddRange((IReadOnlyList<string>)args![0]!);
            return targetMethod.Invoke(_store, args);
        }
    }
}
