using BuildingMgmt.Functions.DeadLetters;
using BuildingMgmt.Functions.Health;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Tests.DeadLetters;

public sealed class DeadLetterPurgeTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private TestDatabase database = null!;
    private IngestApp app = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        app = await IngestApp.StartAsync(
            database.ConnectionString, azurite.ConnectionString, null, ("DeadLetters:KeepDays", "7"), ("DeadLetters:MiBMax", "1"), ("DeadLetters:LettersMax", "3000"));
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Old_letters_go_in_bounded_portions_and_are_recorded_by_gateway_and_reason()
    {
        await AddAsync(2500, "gw", "unknown sensor", ageDays: 8, bytes: 10);
        await AddAsync(1, null, "unreadable event", ageDays: 7.1, bytes: 10);
        await AddAsync(3, "gw", "unknown sensor", ageDays: 9, bytes: 10, replayed: true);
        await AddAsync(2, "gw", "unknown sensor", ageDays: 6.9, bytes: 10);
        await app.Get<DeadLetterPurge>().PurgeAsync(Token);

        Assert.Equal("2", await app.QueryAsync("SELECT count(*) FROM dead_letter"));
        Assert.Equal(
            "age (unknown) unreadable event True 1 2, age gw unknown sensor False 3 6, age gw unknown sensor True 2500 5000",
            await app.QueryAsync("SELECT why, gateway_id, reason, was_open, letters, readings FROM dead_letter_purge ORDER BY gateway_id, was_open"));
        var log = Assert.Single(app.Log.Of(LogEvents.OldDeadLettersPurged));
        Assert.Equal((LogLevel.Warning, true), (log.Level, log.Text.Contains("2501 dead letters with 5002 readings", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Letters_beyond_the_number_that_is_kept_go_those_first_that_were_stored_after_all_then_the_oldest()
    {
        await AddAsync(1500, "gw", "old", ageDays: 3, bytes: 10);
        await AddAsync(1200, "gw", "replayed", ageDays: 2, bytes: 10, replayed: true);
        await AddAsync(1800, "gw", "new", ageDays: 1, bytes: 10);
        await app.Get<DeadLetterPurge>().PurgeAsync(Token);
        Assert.Equal("new 1800, old 1200", await app.QueryAsync("SELECT reason, count(*) FROM dead_letter GROUP BY reason ORDER BY reason"));
        Assert.Equal("size old 300, size replayed 1200", await app.QueryAsync("SELECT why, reason, letters FROM dead_letter_purge ORDER BY reason"));
        Assert.Equal(LogLevel.Error, Assert.Single(app.Log.Of(LogEvents.SurplusDeadLettersPurged)).Level);
    }

    [Fact]
    public async Task Letters_beyond_the_bytes_that_are_kept_go_and_no_more_than_those()
    {
        await AddAsync(12, "gw", "large", ageDays: 1, bytes: 100_000);
        await app.Get<DeadLetterPurge>().PurgeAsync(Token);
        Assert.Equal("10", await app.QueryAsync("SELECT count(*) FROM dead_letter"));
        Assert.Equal("10 1000000", await app.QueryAsync("SELECT letters, bytes FROM dead_letter_volume"));
        await app.Get<DeadLetterPurge>().PurgeAsync(Token);
        Assert.Equal("2", await app.QueryAsync("SELECT sum(letters) FROM dead_letter_purge"));
    }

    [Fact]
    public async Task Readiness_says_when_four_fifths_of_what_is_kept_are_taken()
    {
        var notice = app.Get<IEnumerable<IHealthNotice>>().Single(notice => notice.Name == "dead_letters");
        Assert.Null(await notice.LookAsync(app.Postgres, Token));
        await AddAsync(8, "gw", "large", ageDays: 1, bytes: 100_000);
        await app.Get<DeadLetterPurge>().PurgeAsync(Token);
        Assert.Null(await notice.LookAsync(app.Postgres, Token));
        await AddAsync(1, "gw", "large", ageDays: 1, bytes: 100_000);
        await app.Get<DeadLetterPurge>().PurgeAsync(Token);
        Assert.Contains("85 %", await notice.LookAsync(app.Postgres, Token), StringComparison.Ordinal);
    }

    private Task<string> AddAsync(int count, string? gatewayId, string reason, double ageDays, int bytes, bool replayed = false) => app.QueryAsync(FormattableString.Invariant($"""
        INSERT INTO dead_letter (hub, partition_id, sequence_number, enqueued_at, received_at, gateway_id, reason, detail, readings, content, replayed_at)
        SELECT 'hub', '0', number, received_at, received_at, nullif('{gatewayId}', ''), '{reason}', 'made up', 2, decode(repeat('00', {bytes}), 'hex'),
               CASE WHEN {replayed} THEN received_at END
        FROM generate_series(1, {count}) AS number, LATERAL (SELECT '{app.Time.GetUtcNow().AddDays(-ageDays):O}'::timestamptz) AS moment (received_at)
        """));
}
