using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Dashboards;
using BuildingMgmt.Functions.LatestValues;
using BuildingMgmt.Functions.Postgres;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Dashboards;

/// <summary>The cache above a real table store whose reads are counted.</summary>
public sealed class FloorDashboardTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private TestDatabase database = null!;
    private CountingTableProxy tables = null!;
    private ServiceProvider services = null!;
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
            .AddSingleton(TimeProvider.System)
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
        var point = floor.Sensors[0].Points[0].PointId;
        var values = FloorLatestValues.Pack([new LatestValue(point, 1_000_000, 21.5, ReadingQuality.Good)]);
        var table = services.GetRequiredService<LatestValueTable>();
        await Eventually.TrueAsync(
            async () => await table.TryWriteAsync(floor.FloorId, values, null, Cancellation) is not null, TimeSpan.FromSeconds(10), "the floor is written", Cancellation);
        services.GetRequiredService<LatestValueChanges>().Publish(floor.FloorId, values);

        var after = await Dashboard.GetAsync(floor, Cancellation);
        Assert.NotEqual(before.ETag, after.ETag);
        Assert.Contains("21.5", System.Text.Encoding.UTF8.GetString(after.Json.Span), StringComparison.Ordinal);
    }
}
