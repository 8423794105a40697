using System.Globalization;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Functions.Tests.RollUps;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.History;

/// <summary>Random readings around days on which the clock is put, and near the ends of days.</summary>
public sealed class HistoryZoneTests(PostgresFixture postgres, AzuriteFixture azurite)
{
    // In the order of time, as the clock goes on only.
    private static readonly (string Zone, string Day)[] Changes =
    [
        ("Europe/Amsterdam", "2026-03-29"),
        ("Australia/Lord_Howe", "2026-04-05"),
        ("Asia/Kathmandu", "2026-05-01"),
        ("Australia/Lord_Howe", "2026-10-04"),
        ("Europe/Amsterdam", "2026-10-25"),
        ("America/St_Johns", "2026-11-01"),
        ("America/Havana", "2026-11-01"),
        ("America/St_Johns", "2027-03-14"),
        ("America/Havana", "2027-03-14"),
    ];

    [Fact]
    public async Task Days_hours_and_readings_are_what_plain_SQL_over_the_readings_says()
    {
        await using var database = await postgres.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        await using var app = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString);
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}");
        var random = new Random(seed);
        foreach (var (zone, text) in Changes)
        {
            var day = DateOnly.Parse(text, CultureInfo.InvariantCulture);
            await StoreAroundAsync(app, random, zone, day);
            await AssertDaysAsync(app, zone, day);
            await AssertHoursAsync(app, zone, day);
            await AssertReadingsAsync(app, zone, day);
        }
    }

    private static async Task StoreAroundAsync(IngestApp app, Random random, string zone, DateOnly day)
    {
        await CatalogueImport.ImportAsync(app.Postgres, RollUpBuilding.In(zone), TestContext.Current.CancellationToken);
        var noon = day.ToDateTime(new TimeOnly(12, 0), DateTimeKind.Utc);
        if (app.Time.GetUtcNow() < noon.AddDays(4))
            app.Time.SetUtcNow(noon.AddDays(4));
        var readings = Enumerable.Range(0, 400).Select(_ => RollUpBuilding.Reading(
            zone,
            "minutely",
            noon.AddMinutes(random.Next(-48 * 60, 48 * 60)).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            random.Next(-2_000, 10_500) / 100.0,
            random.Next(10) switch { 0 => "bad", 1 => "uncertain", _ => "good" }));
        await app.StoreAsync(RollUpBuilding.Of(zone, [.. readings]));
        await app.RollUpAsync();
    }

    private static async Task AssertDaysAsync(IngestApp app, string zone, DateOnly day)
    {
        var answer = await AskAsync(app, zone, "day", day);
        var expected = await ExpectedAsync(app, zone, day, $"(time AT TIME ZONE '{zone}')::date::text");
        Assert.Equal(expected, HistoryCalls.Samples(answer, "day", "avg", "min", "max", "count", "worst_quality"));
        var starts = await app.QueryAsync($"""
            SELECT to_char((day AT TIME ZONE '{zone}') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            FROM generate_series(timestamp '{day:O}' - interval '1 day', timestamp '{day:O}' + interval '1 day', interval '1 day') AS day
            """);
        // PostgreSQL takes the later of two midnights.
        if (zone != "America/Havana")
            Assert.Subset(starts.Split(", ").ToHashSet(), HistoryCalls.Samples(answer, "timestamp").ToHashSet());
    }

    private static async Task AssertHoursAsync(IngestApp app, string zone, DateOnly day) => Assert.Equal(
        await ExpectedAsync(
            app, zone, day, $"""to_char(date_trunc('hour', time, '{zone}') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')"""),
        HistoryCalls.Samples(await AskAsync(app, zone, "hour", day), "timestamp", "avg", "min", "max", "count", "worst_quality"));

    private static async Task AssertReadingsAsync(IngestApp app, string zone, DateOnly day)
    {
        var expected = await app.QueryAsync($"""
            SELECT to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') || ' ' || trim_scale(value::numeric), quality
            {OfDays(zone, day)} ORDER BY time
            """);
        Assert.Equal(expected.Split(", "), HistoryCalls.Samples(await AskAsync(app, zone, "raw", day), "timestamp", "value", "quality"));
    }

    private static Task<System.Text.Json.JsonElement> AskAsync(IngestApp app, string zone, string resolution, DateOnly day) =>
        app.HistoryJsonAsync(
            RollUpBuilding.In(zone).Floors[0].FloorId,
            $"metric=minutely&resolution={resolution}&from={day.AddDays(-1):O}&to={day.AddDays(1):O}");

    private static async Task<string[]> ExpectedAsync(IngestApp app, string zone, DateOnly day, string bucket) => (await app.QueryAsync($"""
        SELECT {bucket} || ' ' || coalesce(trim_scale(round(avg(value) FILTER (WHERE counts)::numeric, 6))::text, '-'),
            coalesce(trim_scale((min(value) FILTER (WHERE counts))::numeric)::text, '-'),
            coalesce(trim_scale((max(value) FILTER (WHERE counts))::numeric)::text, '-'),
            count(*) FILTER (WHERE counts),
            (ARRAY['good', 'uncertain', 'suspect', 'bad'])[max(array_position(ARRAY['good', 'uncertain', 'suspect', 'bad'], quality))]
        FROM (SELECT *, quality IN ('good', 'uncertain') AS counts {OfDays(zone, day)}) AS readings
        GROUP BY {bucket} ORDER BY {bucket}
        """)).Split(", ");

    private static string OfDays(string zone, DateOnly day) => $"""
        FROM readings
        WHERE building = '{zone}' AND metric = 'minutely'
            AND (time AT TIME ZONE '{zone}')::date BETWEEN '{day.AddDays(-1):O}' AND '{day.AddDays(1):O}'
        """;
}
