using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.Ingest;

/// <summary>The rate of ingest, looked at by the app itself; the clock is moved by hand.</summary>
public sealed class IngestRatesTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private TestDatabase database = null!;
    private IngestApp app = null!;
    private int stored;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private IngestRates Rates => app.Get<IngestRates>();

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        app = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString);
        await StoreAsync(readings: 100);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task First_who_asks_is_told_the_rate_when_the_app_has_looked_for_a_while()
    {
        await Rates.StartAsync(Token);
        // A pooled connection shows its last query.
        await Eventually.TrueAsync(
            async () => await app.QueryAsync(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle' AND query LIKE '%FROM gateway_ledger l%'") != "0",
            TimeSpan.FromSeconds(20),
            "the app has looked for the first time",
            Token);
        await StoreAsync(readings: 40);
        app.Time.Advance(TimeSpan.FromSeconds(20));

        var rate = await Rates.GetAsync(null, Token);
        await Rates.StopAsync(Token);
        Assert.Equal((120, 140), (rate.ReadingsPerMinute, rate.StoredToday));
    }

    [Fact]
    public async Task Rate_is_unknown_and_never_zero_until_it_covers_enough_time()
    {
        for (var second = 0; second < 15; second++)
        {
            Assert.Null((await Rates.GetAsync(null, Token)).ReadingsPerMinute);
            app.Time.Advance(TimeSpan.FromSeconds(1));
        }

        await StoreAsync(readings: 5);
        Assert.Equal(20, (await Rates.GetAsync(null, Token)).ReadingsPerMinute);
    }

    [Fact]
    public async Task Rate_covers_the_last_minute_and_forgets_what_was_before()
    {
        await Rates.GetAsync(null, Token);
        await StoreAsync(readings: 50);
        for (var half = 0; half < 2; half++)
        {
            app.Time.Advance(TimeSpan.FromSeconds(30));
            await Rates.GetAsync(null, Token);
        }

        Assert.Equal(50, (await Rates.GetAsync(null, Token)).ReadingsPerMinute);
        app.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(0, (await Rates.GetAsync(null, Token)).ReadingsPerMinute);
    }

    private Task StoreAsync(int readings)
    {
        var batch = Batch.Of([.. Enumerable.Range(stored, readings).Select(n => Batch.Co2(0, $"11:{n / 60:00}:{n % 60:00}", n))]);
        stored += readings;
        return app.StoreAsync(batch);
    }
}
