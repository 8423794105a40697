using System.Text;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.Ingest;

/// <summary>Whose readings are stored: a gateway's for its own building, a user's for those of the grants.</summary>
public sealed class SenderTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
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
    public async Task Reading_of_another_buildings_sensor_is_dead_lettered_and_the_others_stored()
    {
        var foreign = Batch.Reading(TestBuilding.ArchiveSensor, "11:59:00", "\"co2\":1,\"temperature\":2");
        await app.StoreAsync(Batch.Of(foreign, Batch.Co2(0, "11:59:00", 600)));
        Assert.Equal("sensor 0/co2 03-10 11:59:00 600 good", await app.ReadingsAsync());
        Assert.Equal("gw 1 3=1+0+2", await app.LedgerAsync());
        Assert.Equal($"foreign sensor 2 {foreign}", await LettersAsync());
    }

    [Fact]
    public async Task Event_of_an_unknown_gateway_is_dead_lettered_whole_with_all_its_readings_counted()
    {
        var batch = Batch.From("nobody's", Batch.Co2(0, "11:59:00", 600), "1", Batch.Reading(0, "11:58:00", "\"co2\":1,\"temperature\":2"));
        await app.StoreAsync(batch, Batch.Of(Batch.Co2(1, "11:59:00", 601)));
        Assert.Equal("sensor 1/co2 03-10 11:59:00 601 good", await app.ReadingsAsync());
        Assert.Equal("gw 1 1=1+0+0, nobody's 1 4=0+0+4", await app.LedgerAsync());
        Assert.Equal($"unknown gateway 4 {batch}", await LettersAsync());
    }

    [Fact]
    public async Task Gateway_put_into_the_catalogue_or_moved_to_another_building_a_moment_ago_is_found()
    {
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:58:00", 1)));
        await CatalogueImport.ImportAsync(
            app.Postgres, TestBuilding.Archive with { Gateways = [new("new", "a secret of the tests"), new("gw-1", "a secret of the tests")] }, CancellationToken.None);
        await app.StoreAsync(
            Batch.From("new", Batch.Reading(TestBuilding.ArchiveSensor, "11:58:00", "\"co2\":1")),
            Batch.From("gw-1", Batch.Reading(TestBuilding.ArchiveSensor, "11:59:00", "\"co2\":1")));
        Assert.Equal("gw 1 1=1+0+0, gw-1 1 1=1+0+0, new 1 1=1+0+0", await app.LedgerAsync());
    }

    [Fact]
    public async Task Event_of_a_gateway_that_is_switched_off_is_dead_lettered_until_it_is_on_again()
    {
        await app.QueryAsync("UPDATE gateway SET active = false WHERE gateway_id = 'gw'");
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:58:00", 1)));
        Assert.Equal("inactive gateway 1", await app.QueryAsync("SELECT reason, readings FROM dead_letter"));
        await app.QueryAsync("UPDATE gateway SET active = true WHERE gateway_id = 'gw'");
        await app.StoreAsync(Batch.Of(Batch.Co2(0, "11:59:00", 2)));
        Assert.Equal("gw 2 2=1+0+1", await app.LedgerAsync());
    }

    [Fact]
    public async Task Device_that_IoT_Hub_names_is_the_gateway_and_may_leave_its_id_out()
    {
        var reading = Batch.Co2(0, "11:59:00", 600);
        var archives = Batch.Reading(TestBuilding.ArchiveSensor, "11:59:00", "\"co2\":1");
        await StoreOfDeviceAsync("gw-1", $$"""{"batch":[{{reading}},{{archives}}]}""");
        await StoreOfDeviceAsync("gw-1", Batch.From("gw-1", Batch.Co2(0, "11:59:30", 601)));
        Assert.Equal("sensor 0/co2 03-10 11:59:00 600 good, sensor 0/co2 03-10 11:59:30 601 good", await app.ReadingsAsync());
        Assert.Equal("gw-1 2 3=2+0+1", await app.LedgerAsync());
        Assert.Equal($"foreign sensor 1 {archives}", await LettersAsync());
    }

    [Fact]
    public async Task Event_that_names_another_gateway_than_IoT_Hub_does_is_dead_lettered_whole_and_counted_as_the_devices()
    {
        var claims = Batch.From("gw", Batch.Co2(0, "11:59:00", 600));
        await StoreOfDeviceAsync("gw-1", claims);
        Assert.Equal("gw-1 1 1=0+0+1", await app.LedgerAsync());
        Assert.Equal($"gateway mismatch 1 {claims}", await LettersAsync());
    }

    [Fact]
    public async Task Device_is_no_user_whatever_its_event_says()
    {
        await UserImport.ImportAsync(app.Postgres, [new("poster", "a password", "ingest")], CancellationToken.None);
        await StoreOfDeviceAsync("http:poster", """{"batch":[]}""", isPosted: true);
        await StoreOfDeviceAsync("gw-1", Batch.From("http:poster", Batch.Co2(0, "11:59:00", 600)), isPosted: true);
        Assert.Equal("unreadable event, gateway mismatch", await app.QueryAsync("SELECT reason FROM dead_letter ORDER BY dead_letter_id"));
    }

    [Fact]
    public async Task What_a_user_posted_is_held_to_the_users_grants()
    {
        await UserImport.ImportAsync(app.Postgres, [new("poster", "a password", "ingest"), new("looker", "a password", "viewer")], CancellationToken.None);
        await app.QueryAsync($"UPDATE user_grant SET building_id = '{TestBuilding.Archive.BuildingId}' WHERE username = 'poster'");
        string From(string name) => Batch.From($"http:{name}", Batch.Co2(0, "11:58:00", 1), Batch.Reading(TestBuilding.ArchiveSensor, "11:59:00", "\"co2\":1"));
        await app.StoreAsync([.. app.Events(From("poster"), From("looker"), From("nobody")).Select(posted => posted with { IsPosted = true })]);
        Assert.Equal("http:looker 1 2=0+0+2, http:nobody 1 2=0+0+2, http:poster 1 2=1+0+1", await app.LedgerAsync());
        Assert.Equal("foreign sensor 1, unknown gateway 2, unknown gateway 2", await app.QueryAsync("SELECT reason, readings FROM dead_letter ORDER BY dead_letter_id"));
        await app.QueryAsync("UPDATE app_user SET active = false WHERE username = 'poster'");
        await app.StoreAsync([.. app.Events(From("poster")).Select(posted => posted with { IsPosted = true })]);
        Assert.Equal("inactive gateway", await app.QueryAsync("SELECT reason FROM dead_letter ORDER BY dead_letter_id DESC LIMIT 1"));
    }

    [Fact]
    public async Task Event_of_another_schema_is_dead_lettered_whole()
    {
        var batch = Batch.Of(Batch.Co2(0, "11:59:00", 600));
        await app.StoreAsync([.. app.Events(batch, batch).Zip(["application/json;schema=2", "application/json; schema=1"], (sent, type) => sent with { ContentType = type })]);
        Assert.Equal("sensor 0/co2 03-10 11:59:00 600 good", await app.ReadingsAsync());
        Assert.Equal($"unknown schema 1 {batch}", await LettersAsync());
    }

    private Task StoreOfDeviceAsync(string deviceId, string body, bool isPosted = false) =>
        app.StoreAsync([.. app.Events(IngestApp.Partition, Encoding.UTF8.GetBytes(body)).Select(sent => sent with { DeviceId = deviceId, IsPosted = isPosted })]);

    private Task<string> LettersAsync() =>
        app.QueryAsync("SELECT reason, readings, convert_from(content, 'UTF8') FROM dead_letter ORDER BY dead_letter_id");
}
