using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Catalogue;

/// <summary>What a running instance makes of a schema that a later build has changed under it.</summary>
public sealed class CatalogueCacheTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private TestDatabase database = null!;
    private IngestApp app = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private CatalogueCache Cache => app.Get<CatalogueCache>();

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync(Token);
        app = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await Cache.StopAsync(CancellationToken.None);
        await app.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Sensor_with_a_status_of_a_later_build_is_known_and_not_in_use_and_the_others_are_as_before()
    {
        await app.QueryAsync("""
            ALTER TABLE sensor DROP CONSTRAINT sensor_status_check;
            UPDATE sensor SET status = 'retired' WHERE name = 'sensor 0';
            SELECT 1
            """);
        var snapshot = await Cache.GetAsync(Token);
        Assert.True(snapshot.TryGetSensor(TestBuilding.Sensor(0, 0), out var retired));
        Assert.Equal(SensorStatus.Other, retired.Status);
        Assert.True(snapshot.TryGetSensor(TestBuilding.Sensor(0, 1), out var other));
        Assert.Equal(SensorStatus.Active, other.Status);
    }

    [Fact]
    public async Task Catalogue_that_cannot_be_read_leaves_the_old_one_is_logged_once_and_is_read_when_it_can()
    {
        await Cache.StartAsync(Token);
        var before = await Cache.GetAsync(Token);
        await app.QueryAsync("""
            ALTER TABLE point ALTER interval_s TYPE double precision;
            UPDATE building SET name = 'Castle' WHERE name = 'Tower';
            UPDATE point SET interval_s = 30;
            SELECT 1
            """);
        for (var attempt = 0; attempt < 3; attempt++)
            await Assert.ThrowsAsync<InvalidCastException>(() => Cache.RefreshAsync(Token));
        await PollUntilAsync(() => Task.FromResult(app.Log.Of(LogEvents.CatalogueUnreadable).Count > 0), "it is logged");
        Assert.Same(before, await Cache.GetAsync(Token));

        await app.QueryAsync("ALTER TABLE point ALTER interval_s TYPE integer; SELECT 1");
        await PollUntilAsync(async () => await Cache.GetAsync(Token) != before, "the catalogue is read");
        Assert.Contains((await Cache.GetAsync(Token)).Buildings, building => building.Name == "Castle");
        Assert.Single(app.Log.Of(LogEvents.CatalogueUnreadable));
    }

    [Fact]
    public async Task Look_that_fails_fails_for_all_who_wait_for_it_and_none_is_given_the_old_catalogue_as_new()
    {
        await Cache.GetAsync(Token);
        await using var changing = await app.Postgres.OpenConnectionAsync(Token);
        await using (var change = new NpgsqlCommand("""
            BEGIN;
            LOCK TABLE catalogue_version;
            ALTER TABLE point ALTER interval_s TYPE double precision;
            UPDATE point SET interval_s = 30;
            """, changing))
        {
            await change.ExecuteNonQueryAsync(Token);
        }

        var looks = Enumerable.Range(0, 4).Select(_ => Cache.RefreshAsync(Token)).ToArray();
        app.Time.Advance(TimeSpan.FromSeconds(1));
        await using (var commit = new NpgsqlCommand("COMMIT", changing))
            await commit.ExecuteNonQueryAsync(Token);
        foreach (var look in looks)
            await Assert.ThrowsAsync<InvalidCastException>(() => look);
    }

    [Fact]
    public async Task Request_waits_a_bounded_time_for_a_look_that_hangs_and_the_look_goes_on()
    {
        var before = await Cache.GetAsync(Token);
        await using var hanging = await app.Postgres.OpenConnectionAsync(Token);
        await using (var begin = new NpgsqlCommand("BEGIN; LOCK TABLE catalogue_version", hanging))
            await begin.ExecuteNonQueryAsync(Token);
        var patient = Cache.RefreshAsync(Token);
        var requests = Enumerable.Range(0, 20).Select(_ => Cache.RefreshForRequestAsync(Token)).ToArray();
        app.Time.Advance(TimeSpan.FromSeconds(2));
        foreach (var request in requests)
        {
            var problem = (await Assert.ThrowsAsync<ProblemException>(() => request)).Problem;
            Assert.Equal(503, problem.Status);
            Assert.NotNull(problem.RetryAfter);
        }

        Assert.False(patient.IsCompleted);
        await using (var end = new NpgsqlCommand("COMMIT", hanging))
            await end.ExecuteNonQueryAsync(Token);
        Assert.Same(before, await patient);
        Assert.Same(before, await Cache.RefreshAsync(Token));
    }

    private Task PollUntilAsync(Func<Task<bool>> condition, string what) => Eventually.TrueAsync(
        () =>
        {
            app.Time.Advance(TimeSpan.FromSeconds(1));
            return condition();
        },
        TimeSpan.FromSeconds(20),
        what,
        Token);
}
