using System.Security.Cryptography;
using Azure.Storage.Blobs;
using BuildingMgmt.LocalStack.Apps;
using BuildingMgmt.Testing;
using BuildingMgmt.Testing.Durable;

namespace BuildingMgmt.Functions.Tests.Orchestrations;

/// <summary>The app itself, whose timer has missed its run.</summary>
public class PurgeOrchestrationsTests(PostgresFixture postgres, AzuriteFixture azurite, EventHubsFixture eventHubs)
    : IClassFixture<EventHubsFixture>
{
    private const int Running = 0, Completed = 1, Failed = 3, Terminated = 5, Pending = 6, Suspended = 7;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Old_orchestrations_that_have_ended_are_forgotten_and_all_others_stay()
    {
        await using var database = await postgres.CreateDatabaseAsync(Token);
        await using var rows = await OrchestrationRows.OpenAsync(database, "BuildingMgmt", Token);
        await using var elsewhere = await OrchestrationRows.OpenAsync(database, "AnotherHub", Token);
        await rows.AddAsync("completed long ago", Completed, ageDays: 7.1, Token);
        await rows.AddAsync("failed long ago", Failed, ageDays: 8, Token);
        await rows.AddAsync("terminated long ago", Terminated, ageDays: 4000, Token);
        await rows.AddAsync("completed of late", Completed, ageDays: 6.9, Token);
        await rows.AddAsync("failed of late", Failed, ageDays: 0, Token);
        await rows.AddAsync("runs since long ago", Running, ageDays: 100, Token);
        await rows.AddAsync("waits since long ago", Pending, ageDays: 100, Token);
        await rows.AddAsync("rests since long ago", Suspended, ageDays: 100, Token);
        await elsewhere.AddAsync("another app's", Completed, ageDays: 100, Token);
        var hostId = $"purge-{Guid.NewGuid():N}";
        await MissARunAsync(hostId);

        using var folder = new ScratchFolder();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using (await FunctionAppProcess.StartAsync(
            new()
            {
                Name = "app",
                Postgres = database.ConnectionString,
                Storage = azurite.ConnectionString,
                EventHubs = eventHubs.ConnectionString,
                SigningKey = key.ExportECPrivateKeyPem(),
                LogPath = folder.File("app.log"),
                Settings = new Dictionary<string, string>
                {
                    ["AzureFunctionsWebHost__hostid"] = hostId,
                    ["Orchestrations__KeepDays"] = "7",
                },
            },
            Token))
        {
            await Eventually.TrueAsync(
                async () => (await rows.IdsAsync(Token)).Count <= 5, TimeSpan.FromSeconds(60), "the old ones are gone", Token);
        }

        Assert.Equal(
            ["completed of late", "failed of late", "rests since long ago", "runs since long ago", "waits since long ago"],
            await rows.IdsAsync(Token));
        Assert.Equal(["another app's"], await elsewhere.IdsAsync(Token));
        Assert.Contains("Removed 3 orchestrations", await File.ReadAllTextAsync(folder.File("app.log"), Token), StringComparison.Ordinal);
    }

    // What a process leaves that stopped three days ago: the next one makes up for the run of the day after.
    private async Task MissARunAsync(string hostId)
    {
        var last = TimeProvider.System.GetUtcNow().UtcDateTime.Date.AddDays(-3).Add(new TimeSpan(3, 41, 0));
        var container = new BlobServiceClient(azurite.ConnectionString).GetBlobContainerClient("azure-webjobs-hosts");
        await container.CreateIfNotExistsAsync(cancellationToken: Token);
        await container.GetBlobClient($"timers/{hostId}/Host.Functions.PurgeOrchestrations/status").UploadAsync(
            BinaryData.FromObjectAsJson(new { Last = last, Next = last.AddDays(1), LastUpdated = last }), Token);
    }
}
