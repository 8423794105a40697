using System.Globalization;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.RollUps;
using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.RollUps;

/// <summary>
/// Random readings around a day on which the clock is put: late, twice, corrected, uncertain, suspect and bad, of points that report at
/// intervals and on change, rolled up at random times between and beside.
/// </summary>
public sealed class RollUpPropertyTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
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
    public async Task Roll_ups_are_the_same_when_a_transaction_takes_few_of_them()
    {
        await using var small = await IngestApp.StartAsync(
            database.ConnectionString, azurite.ConnectionString, settings: ("RollUps:BucketsPerTransactionMax", "7"));
        await RunAsync(small, "Australia/Lord_Howe", "2026-04-04");
    }

    [Theory]
    [InlineData("Europe/Amsterdam", "2026-03-29")]
    [InlineData("Europe/Amsterdam", "2026-10-25")]
    [InlineData("Asia/Kathmandu", "2026-05-01")]
    [InlineData("Australia/Lord_Howe", "2026-04-04")]
    [InlineData("Australia/Lord_Howe", "2026-10-03")]
    [InlineData("America/St_Johns", "2026-11-01")]
    [InlineData("America/St_Johns", "2027-03-14")]
    // Put by half an hour, in the middle of an hour.
    [InlineData("America/Caracas", "2016-05-01")]
    [InlineData("America/Caracas", "2007-12-09")]
    [InlineData("Asia/Pyongyang", "2018-05-04")]
    // At one minute past midnight, so that an hour is a part of two days: it is counted to the one that it begins in.
    [InlineData("America/St_Johns", "2007-03-11")]
    [InlineData("America/St_Johns", "2007-11-04")]
    [InlineData("America/New_York", "2026-11-01")]
    [InlineData("America/Havana", "2026-11-01")]
    [InlineData("America/Sao_Paulo", "2018-11-04")]
    [InlineData("Etc/UTC", "2026-12-31")]
    public Task Roll_ups_are_what_the_readings_say(string timeZone, string date) => RunAsync(app, timeZone, date);

    private static async Task RunAsync(IngestApp app, string timeZone, string date)
    {
        var seed = Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"Seed {seed}");
        var random = new Random(seed);
        var building = RollUpBuilding.In(timeZone);
        await CatalogueImport.ImportAsync(app.Postgres, building, CancellationToken.None);
        var day = DateTime.SpecifyKind(DateTime.Parse(date, CultureInfo.InvariantCulture), DateTimeKind.Utc);
        var (start, end) = (day.AddHours(-30), day.AddHours(54));
        if (app.Time.GetUtcNow().UtcDateTime < start)
            app.Time.SetUtcNow(start);

        for (var round = 0; round < 20; round++)
        {
            if (app.Time.GetUtcNow().UtcDateTime < end)
                app.Time.Advance(TimeSpan.FromMinutes(random.Next(300)));
            var newest = app.Time.GetUtcNow().UtcDateTime;
            var batch = RandomBatch(random, building, start, newest < end ? newest : end);
            switch (random.Next(4))
            {
                case 0:
                    await Task.WhenAll(app.StoreAsync(batch), app.Get<RollUpRun>().RunAsync(CancellationToken.None));
                    break;
                case 1:
                    await app.StoreAsync(batch);
                    await Task.WhenAll(
                        app.Get<RollUpRun>().RunAsync(CancellationToken.None), app.Get<RollUpRun>().RunAsync(CancellationToken.None));
                    break;
                default:
                    await app.StoreAsync(batch);
                    break;
            }
        }

        await app.RollUpAsync();
        await app.AssertRolledUpAsync();
        // Until no value holds any longer.
        app.Time.Advance(TimeSpan.FromDays(5));
        await app.RollUpAsync();
        await app.AssertRolledUpAsync();
        Assert.Equal("0", await app.QueryAsync("SELECT count(*) FROM reading_change"));
        Assert.NotEqual("0", await app.QueryAsync("SELECT count(*) FROM reading"));
        await app.AssertRebuildFindsNothingAsync(building.BuildingId, DateOnly.FromDateTime(start), DateOnly.FromDateTime(end));
    }

    private static string RandomBatch(Random random, BuildingSpec building, DateTime start, DateTime end)
    {
        var sensor = building.Floors[0].Sensors[0];
        var minutes = Math.Max(1, (int)(end - start).TotalMinutes);
        // Most are of the last hours, some are late by as much as there is.
        var readings = Enumerable.Range(0, random.Next(1, 60)).Select(_ =>
        {
            var time = end.AddMinutes(-random.Next(random.Next(4) == 0 ? minutes : Math.Min(minutes, 180))).AddSeconds(random.Next(4) * 15);
            var metric = sensor.Points[random.Next(sensor.Points.Count)].Metric;
            // More than 100 is suspect.
            var value = random.Next(-2_000, 10_500) / 100.0;
            var quality = random.Next(10) switch { 0 => "bad", 1 => "uncertain", _ => "good" };
            return Batch.Reading(
                sensor.SensorId, time.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
                string.Create(CultureInfo.InvariantCulture, $"\"{metric}\":{value}"), quality);
        }).ToArray();
        return random.Next(4) == 0
            ? RollUpBuilding.Correcting(building.TimeZone, readings)
            : RollUpBuilding.Of(building.TimeZone, readings);
    }
}
