using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.Testing.Durable;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>The store that simulations use keeps the same promises as the one that applications use.</summary>
public sealed class MemoryDurableStoreTests : DurableStoreContract
{
    private readonly FakeTimeProvider _time = new(new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));
    private readonly MemoryDurableStore _store;

    public MemoryDurableStoreTests() => _store = new(_time);

    private protected override IDurableStore Store => _store;

    private protected override TimeProvider Clock => _time;

    public override ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private protected override Task<IDurableStore> OpenAgainAsync() => Task.FromResult<IDurableStore>(_store);

    private protected override Task<IDurableStore> OpenOtherHubAsync() => Task.FromResult<IDurableStore>(new MemoryDurableStore(_time));

    private protected override async Task ExpireAsync(long worker)
    {
        await AdvanceAsync(DurableTimes.Lease / 2, worker);
        await AdvanceAsync(DurableTimes.Lease / 2, worker);
    }

    private protected override async Task PassAsync(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += DurableTimes.RenewEvery)
            await AdvanceAsync(DurableTimes.RenewEvery);
    }

    [Fact]
    public async Task Listening_worker_is_woken_by_what_another_makes_and_sends()
    {
        var worker = await EnterAsync();
        await RestingAsync(worker, "mine");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var wakes = 0;
        var listening = Store.ListenAsync(worker, () => wakes++, stop.Token);

        await CreateAsync("of anyone");
        Assert.Equal(1, wakes);
        await SendAsync("mine", Event("go"));
        Assert.Equal(2, wakes);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => listening);
    }

    private async Task AdvanceAsync(TimeSpan time, long? dying = null)
    {
        foreach (var worker in Workers.Where(worker => worker != dying))
            await _store.RenewAsync(worker, Token);
        _time.Advance(time);
    }
}
