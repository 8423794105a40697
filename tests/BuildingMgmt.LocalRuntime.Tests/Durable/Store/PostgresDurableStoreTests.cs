using BuildingMgmt.LocalRuntime.Durable.Store;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>The store that applications use keeps the promises of all stores.</summary>
public class PostgresDurableStoreTests(PostgresStores stores) : DurableStoreContract, IClassFixture<PostgresStores>
{
    private readonly string hub = stores.NewHub();
    private IDurableStore? store;

    private protected override IDurableStore Store => store!;

    private protected override TimeProvider Clock => TimeProvider.System;

    public override async ValueTask InitializeAsync() => store = await OpenAgainAsync();

    public override ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private protected override async Task<IDurableStore> OpenAgainAsync() => await stores.OpenAsync(hub);

    private protected override async Task<IDurableStore> OpenOtherHubAsync() => await stores.OpenAsync(stores.NewHub());

    private protected override Task ExpireAsync(long worker) => stores.ExpireAsync(worker);

    private protected override Task PassAsync(TimeSpan time) => stores.PassAsync(hub, time);
}
