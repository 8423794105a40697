using System.Diagnostics.Metrics;
using Azure;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Dashboards;
using BuildingMgmt.Functions.LatestValues;
using BuildingMgmt.Functions.Postgres;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Caching.Hybrid;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Dashboards;

/// <summary>The cache above a real table store whose reads are counted.</summary>
public sealed class FloorDashboardTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private TestDatabase database = null!;
    private CountingTableProxy tables = null!;
    private ServiceProvider services = null!;
    private readonly FakeTimeProvider time = new(new(2026, 3, 10, 12, 0, 0, TimeSpan.Zero));
    private CatalogueFloor floor = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private FloorDashboard Dashboard => services.GetRequiredService<FloorDashboard>();

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync(Cancellation);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await TestCampus.ImportAsync(source, Cancellation);
        tables = await CountingTableProxy.StartAsync(azurite.ConnectionString);
        services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Postgres:ConnectionString"] = database.ConnectionString,
                ["LatestValues:ConnectionString"] = tables.ConnectionString,
                ["LatestValues:TableName"] = $"latest{Guid.NewGuid():N}",
                // Long: what is shown anew in these tests is so for another reason.
                ["Dashboards:CacheSeconds"] = "60",
            }).Build())
            .AddLogging()
            .AddSingleton<TimeProvider>(time)
            .AddPostgres().AddCatalogueCache().AddLatestValues().AddDashboards()
            .BuildServiceProvider();
        var catalogue = await services.GetRequiredService<CatalogueCache>().GetAsync(Cancellation);
        Assert.True(catalogue.TryGetFloor(TestCampus.NorthGround, out var ground));
        floor = ground;
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await tables.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task One_store_read_serves_everybody_who_waits()
    {
        var snapshots = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Dashboard.GetAsync(floor, Cancellation).AsTask()));
        Assert.Equal(1, tables.Reads);
        Assert.All(snapshots, snapshot => Assert.Same(snapshots[0], snapshot));
    }

    [Fact]
    public async Task Answer_from_memory_is_the_same_object_and_reads_nothing()
    {
        var first = await Dashboard.GetAsync(floor, Cancellation);
        Assert.Same(first, await Dashboard.GetAsync(floor, Cancellation));
        Assert.Equal(1, tables.Reads);
    }

    [Fact]
    public async Task What_this_process_stores_is_shown_at_once()
    {
        var before = await Dashboard.GetAsync(floor, Cancellation);
        var values = Values(21.5);
        await WriteAsync(values, null);
        services.GetRequiredService<LatestValueChanges>().Publish(floor.FloorId, values);

        var after = await Dashboard.GetAsync(floor, Cancellation);
        Assert.NotEqual(before.ETag, after.ETag);
        Assert.Contains("21.5", Text(after), StringComparison.Ordinal);
        Assert.Same(after, await Dashboard.GetAsync(floor, Cancellation));
        Assert.Equal(1, tables.Reads);
    }

    [Fact]
    public async Task What_this_process_stored_is_shown_no_longer_than_the_caches_time_after_it_was_stored()
    {
        // Listens from its first use on.
        var dashboard = Dashboard;
        var mine = Values(21.5);
        var tag = await WriteAsync(mine, null);
        services.GetRequiredService<LatestValueChanges>().Publish(floor.FloorId, mine);
        time.Advance(TimeSpan.FromSeconds(59));
        Assert.Contains("21.5", Text(await dashboard.GetAsync(floor, Cancellation)), StringComparison.Ordinal);
        Assert.Equal(0, tables.Reads);

        // By another instance: nothing tells this one.
        await WriteAsync(Values(22.5), tag);
        time.Advance(TimeSpan.FromSeconds(2));
        Assert.Contains("22.5", Text(await dashboard.GetAsync(floor, Cancellation)), StringComparison.Ordinal);
        Assert.Equal(1, tables.Reads);
    }

    [Fact]
    public async Task Store_read_that_was_under_way_does_not_hide_what_was_stored_meanwhile()
    {
        var answer = new TaskCompletionSource();
        tables.ReadsWaitFor = answer.Task;
        var first = Dashboard.GetAsync(floor, Cancellation).AsTask();
        await Eventually.TrueAsync(() => Task.FromResult(tables.Reads == 1), TimeSpan.FromSeconds(20), "the store is read", Cancellation);
        // Not in the store, whose answer is therefore the older one whenever it was made.
        services.GetRequiredService<LatestValueChanges>().Publish(floor.FloorId, Values(21.5));
        answer.SetResult();

        Assert.Contains("21.5", Text(await first), StringComparison.Ordinal);
        Assert.Contains("21.5", Text(await Dashboard.GetAsync(floor, Cancellation)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Snapshot_whose_time_is_up_is_read_again_once_also_for_one_who_saw_it_before_another_renewed_it()
    {
        using var cache = new HeldCache(services.GetRequiredService<HybridCache>());
        using var dashboard = ActivatorUtilities.CreateInstance<FloorDashboard>(services, cache);
        await dashboard.GetAsync(floor, Cancellation);
        time.Advance(TimeSpan.FromSeconds(61));

        cache.HoldNext();
        var late = dashboard.GetAsync(floor, Cancellation).AsTask();
        var renewed = await dashboard.GetAsync(floor, Cancellation);
        Assert.Equal(2, tables.Reads);
        cache.Release();
        Assert.Same(renewed, await late);
        Assert.Equal(2, tables.Reads);
    }

    [Fact]
    public async Task Hit_is_an_answer_that_was_ready_when_it_was_asked_for()
    {
        var meter = services.GetRequiredService<DashboardMeter>();
        Assert.Equal(new DashboardCounts(0, 0, 0, null), meter.Counts());

        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Dashboard.GetAsync(floor, Cancellation).AsTask()));
        Assert.Equal(new DashboardCounts(0, 10, 1, 0), meter.Counts());

        time.Advance(TimeSpan.FromSeconds(1));
        for (var answer = 0; answer < 30; answer++)
            await Dashboard.GetAsync(floor, Cancellation);
        Assert.Equal(new DashboardCounts(30, 10, 1, 0.75), meter.Counts());

        // Made anew without the store, and yet its caller waited for that.
        services.GetRequiredService<LatestValueChanges>().Publish(floor.FloorId, Values(21.5));
        await Dashboard.GetAsync(floor, Cancellation);
        Assert.Equal((30, 11, 1), (meter.Counts().Hits, meter.Counts().Misses, meter.Counts().StoreReads));
    }

    [Fact]
    public async Task Counts_are_seen_from_outside_by_the_meter()
    {
        Dictionary<string, long> seen = [];
        using var listener = new MeterListener();
        var meters = services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == DashboardMeter.Name && instrument.Meter.Scope == meters)
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, count, _, _) => seen[instrument.Name] = count);
        listener.Start();

        await Dashboard.GetAsync(floor, Cancellation);
        time.Advance(TimeSpan.FromSeconds(1));
        await Dashboard.GetAsync(floor, Cancellation);
        await Dashboard.GetAsync(floor, Cancellation);
        listener.RecordObservableInstruments();

        Assert.Equal(new() { ["dashboard.hits"] = 2, ["dashboard.misses"] = 1, ["dashboard.store_reads"] = 1 }, seen);
    }

    private static string Text(FloorSnapshot snapshot) => System.Text.Encoding.UTF8.GetString(snapshot.Json.Span);

    private FloorLatestValues Values(double value) =>
        FloorLatestValues.Pack([new LatestValue(floor.Sensors[0].Points[0].PointId, 1_000_000, value, ReadingQuality.Good)]);

    private Task<string> WriteAsync(FloorLatestValues values, string? tag) => Eventually.ValueAsync(
        async () => (await services.GetRequiredService<LatestValueTable>().TryWriteAsync(
            floor.FloorId, values, tag is null ? null : new ETag(tag), Cancellation))?.ToString(),
        TimeSpan.FromSeconds(10),
        "the floor is written",
        Cancellation);
}
