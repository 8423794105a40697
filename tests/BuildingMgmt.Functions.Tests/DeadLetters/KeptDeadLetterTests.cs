using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.DeadLetters;

/// <summary>What is kept of an event that could not be stored as a whole.</summary>
public sealed class KeptDeadLetterTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private TestDatabase database = null!;
    private IngestApp app = null!;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        app = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Event_of_very_many_bad_readings_is_kept_once_as_it_came_behind_the_first_hundred()
    {
        // Two values each, of which the second is good.
        var readings = Enumerable.Range(0, 300).Select(number =>
            Batch.Reading(0, $"11:{number / 60:00}:{number % 60:00}", $"\"light\":{number},\"co2\":{number}"));
        var packed = Packed.Gzip(Batch.Of([.. readings]));
        await app.StoreAsync([.. app.Events(IngestApp.Partition, packed).Select(sent => sent with { ContentEncoding = "gzip", ContentType = "application/json" })]);

        Assert.Equal("gw 1 600=300+0+300", await app.LedgerAsync());
        Assert.Equal("unknown metric 100 100", await app.QueryAsync("SELECT reason, count(*), sum(readings) FROM dead_letter WHERE NOT is_whole GROUP BY reason"));
        Assert.Equal(
            $"unknown metric 200 gzip application/json {Convert.ToHexStringLower(packed)}",
            await app.QueryAsync("SELECT reason, readings, content_encoding, content_type, encode(content, 'hex') FROM dead_letter WHERE is_whole"));
        // Each second value from the 200th on; of the first, the lowest bit.
        Assert.Equal(
            $"{new string('0', 50)}{new string('5', 100)} 01",
            await app.QueryAsync("""
                SELECT (SELECT encode(bad_values, 'hex') FROM dead_letter WHERE is_whole), (SELECT DISTINCT encode(bad_values, 'hex') FROM dead_letter WHERE NOT is_whole)
                """));
    }

    [Fact]
    public async Task Reason_of_the_many_is_theirs_unless_they_have_several()
    {
        await app.StoreAsync(Batch.Of([.. Enumerable.Repeat("1", 102), Batch.Co2(0, "12:06:00", 1)]), Batch.Of([.. Enumerable.Repeat("1", 102)]));
        Assert.Equal("too many bad readings 3, malformed 2", await app.QueryAsync("SELECT reason, readings FROM dead_letter WHERE is_whole ORDER BY dead_letter_id"));
    }

    [Fact]
    public async Task Few_bad_readings_of_very_many_bytes_are_kept_once_with_their_event()
    {
        var padding = new string('x', 400_000);
        var readings = Enumerable.Range(0, 5).Select(number => $$"""{"note":"{{padding}}","sensor_id":{{number}}}""");
        await app.StoreAsync(Batch.Of([.. readings]));
        Assert.Equal("False 1, False 1, True 3", await app.QueryAsync("SELECT is_whole, readings FROM dead_letter ORDER BY dead_letter_id"));
    }

    [Fact]
    public async Task Letter_keeps_what_its_event_said_of_itself_whatever_that_is()
    {
        var odd = "application/\0json\ud800" + new string('x', 1000);
        await app.StoreAsync(
            [.. app.Events("garbage").Select(sent => sent with { ContentType = odd, ContentEncoding = "br", DeviceId = "\0", IsPosted = true })]);
        await app.StoreAsync(Batch.Correcting("1"));
        Assert.Equal(
            "True True br 261 1 False 2026-03-10T12:00:00Z, False False    True 2026-03-10T12:00:01Z",
            await app.QueryAsync("""
                SELECT is_whole, is_posted, content_encoding, octet_length(content_type), octet_length(device_id) / 3, correction,
                       to_char(enqueued_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
                FROM dead_letter ORDER BY dead_letter_id
                """));
    }
}
