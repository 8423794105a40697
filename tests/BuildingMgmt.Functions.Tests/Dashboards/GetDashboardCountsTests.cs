using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.Dashboards;

[Collection(AppTests.Name)]
public sealed class GetDashboardCountsTests(RunningApp app)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Counts_of_the_cache_are_read_over_http()
    {
        const string path = "/api/ops/dashboards";
        var before = await app.GetJsonAsync("admin", path, Cancellation);
        // The first one may have to be made, and another test may bring it something newer.
        await Eventually.TrueAsync(
            async () =>
            {
                await app.GetJsonAsync("viewer", $"/api/dashboard/floor/{TestCampus.NorthEmpty}", Cancellation);
                var now = await app.GetJsonAsync("admin", path, Cancellation);
                return now.GetProperty("hits").GetInt64() > before.GetProperty("hits").GetInt64();
            },
            TimeSpan.FromSeconds(20),
            "a floor is answered from the cache",
            Cancellation);

        var after = await app.GetJsonAsync("admin", path, Cancellation);
        var (hits, misses) = (after.GetProperty("hits").GetInt64(), after.GetProperty("misses").GetInt64());
        Assert.Equal((double)hits / (hits + misses), after.GetProperty("hit_rate").GetDouble(), precision: 12);
        Assert.True(after.GetProperty("store_reads").GetInt64() > 0);
    }
}
