using BuildingMgmt.Database;
using BuildingMgmt.Functions.RollUps;
using BuildingMgmt.Functions.RollUps.Rebuild;
using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.RollUps;

/// <summary>Runs that are held up in the midst, where a test can do what it likes.</summary>
public sealed class RollUpFaultTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private const string Zone = "Europe/Amsterdam";

    private const string HeldUp = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'relation'";

    private TestDatabase database = null!;
    private IngestApp app = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        app = await IngestApp.StartAsync(
            database.ConnectionString, azurite.ConnectionString, settings: ("RollUps:BucketsPerTransactionMax", "4"));
        await CatalogueImport.ImportAsync(app.Postgres, RollUpBuilding.In(Zone), CancellationToken.None);
        await app.StoreAsync(RollUpBuilding.Of(Zone, [.. Enumerable.Range(1, 9).Select(hour => RollUpBuilding.Reading(Zone, "minutely", $"0{hour}:15:00", hour))]));
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Run_whose_connection_is_cut_loses_nothing()
    {
        await using (await HoldAsync("reading_daily"))
        {
            var run = app.Get<RollUpRun>().RunAsync(Token);
            await UntilHeldUpAsync();
            Assert.Equal("1", await app.QueryAsync($"SELECT count(pg_terminate_backend(pid)) FROM ({HeldUp})"));
            await Assert.ThrowsAnyAsync<NpgsqlException>(() => run);
        }

        Assert.Equal("0 9", await app.QueryAsync("SELECT (SELECT count(*) FROM reading_hourly), (SELECT count(*) FROM reading_change)"));
        await app.RollUpAsync();
        await app.AssertRolledUpAsync();
    }

    [Fact]
    public async Task Reading_that_is_stored_while_its_hour_is_computed_is_not_lost()
    {
        Task run;
        await using (await HoldAsync("reading_daily"))
        {
            run = app.Get<RollUpRun>().RunAsync(Token);
            await UntilHeldUpAsync();
            await app.StoreAsync(RollUpBuilding.Of(Zone, RollUpBuilding.Reading(Zone, "minutely", "01:20:00", 50)));
        }

        await run;
        await app.RollUpAsync();
        await app.AssertRolledUpAsync();
        Assert.Equal("1 late", await app.QueryAsync("SELECT revision, reason FROM reading_hourly WHERE bucket = '2026-03-10T01:00Z'"));
    }

    [Fact]
    public async Task Run_that_takes_too_long_is_tried_again_with_less()
    {
        await using var hasty = await IngestApp.StartAsync(
            database.ConnectionString, azurite.ConnectionString, settings: ("Postgres:BatchTimeoutSeconds", "5"));
        Task run;
        await using (await HoldAsync("reading_daily"))
        {
            run = hasty.Get<RollUpRun>().RunAsync(Token);
            await Eventually.TrueAsync(
                () => Task.FromResult(hasty.Log.Of(LogEvents.RollUpTooSlow).Count > 0), TimeSpan.FromSeconds(60), "it was given up", Token);
        }

        await run;
        await app.RollUpAsync();
        await app.AssertRolledUpAsync();
    }

    [Fact]
    public async Task Second_run_and_rebuild_wait_for_their_turn()
    {
        Task<RollUpCount> first, second;
        Task<RebuildResult> rebuild;
        await using (await HoldAsync("reading_daily"))
        {
            first = app.Get<RollUpRun>().RunAsync(Token);
            await UntilHeldUpAsync();
            second = app.Get<RollUpRun>().RunAsync(Token);
            rebuild = app.Get<RollUpRebuild>().RebuildDayAsync(RollUpBuilding.In(Zone).BuildingId, new DateOnly(2026, 3, 10), Token);
            await Eventually.TrueAsync(
                async () => await app.QueryAsync("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'") == "2",
                TimeSpan.FromSeconds(20),
                "both wait",
                Token);
        }

        Assert.Equal(9, (await first).Buckets + (await second).Buckets);
        await rebuild;
        await app.AssertRolledUpAsync();
    }

    private Task UntilHeldUpAsync() => Eventually.TrueAsync(
        async () => await app.QueryAsync($"SELECT count(*) FROM ({HeldUp})") == "1", TimeSpan.FromSeconds(20), "the run stands still", Token);

    // Whoever writes into the table waits until this is disposed.
    private async Task<NpgsqlConnection> HoldAsync(string table)
    {
        var connection = await app.Postgres.OpenConnectionAsync(Token);
        await using var hold = new NpgsqlCommand($"BEGIN; LOCK TABLE {table} IN SHARE MODE", connection);
        await hold.ExecuteNonQueryAsync(Token);
        return connection;
    }
}
