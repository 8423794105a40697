using System.Globalization;
using System.Text;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Functions.LatestValues;
using BuildingMgmt.LocalStack.Postgres;
using BuildingMgmt.LocalStack.Storage;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Ingest;

/// <summary>Stores of its own, which it stops and starts while readings come in.</summary>
public sealed class StoreOutageTests : IAsyncLifetime
{
    private readonly ScratchFolder folder = new();
    private PostgresServer postgres = null!;
    private AzuriteServer azurite = null!;
    private IngestApp app = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        postgres = await StartPostgresAsync(0);
        azurite = await StartAzuriteAsync(0);
        await using (var source = NpgsqlDataSource.Create(postgres.ConnectionString + ";Pooling=false"))
            await SchemaMigrator.MigrateAsync(source, Token);
        app = await IngestApp.StartAsync(postgres.ConnectionString, azurite.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await azurite.DisposeAsync();
        await postgres.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Nothing_is_lost_or_doubled_while_the_stores_go_away_and_come_back()
    {
        using var repairing = new CancellationTokenSource();
        await app.Get<LatestValueRepair>().StartAsync(repairing.Token);
        var partitions = Enumerable.Range(0, 2).Select(number => SendAsync(new HubPartition("telemetry", $"{number}"))).ToArray();

        await StoredAsync(200);
        await postgres.Process.KillAsync();
        postgres = await StartPostgresAsync(postgres.Port);
        await StoredAsync(400);
        // A kill makes it forget what it accepted in the last seconds, maybe the whole table.
        await azurite.Process.KillAsync();
        azurite = await StartAzuriteAsync(azurite.Port);
        await StoredAsync(600);
        await azurite.DisposeAsync();
        await postgres.DisposeAsync();
        postgres = await StartPostgresAsync(postgres.Port);
        azurite = await StartAzuriteAsync(azurite.Port);
        await Task.WhenAll(partitions);

        Assert.Equal("gw0 100 1000=1000+0+0, gw1 100 1000=1000+0+0", await app.LedgerAsync());
        Assert.Equal("2000", await app.QueryAsync("SELECT count(*) FROM reading"));
        await app.Get<LatestValueRepair>().RepairAllAsync(Token);
        await app.AssertLatestAsync();
        await app.Get<LatestValueRepair>().StopAsync(Token);
    }

    // As the host does: one batch after the other, each again and again until it is stored.
    private async Task SendAsync(HubPartition partition)
    {
        for (var minute = 0; minute < 100; minute++)
        {
            var readings = Enumerable.Range(0, 10).Select(number =>
                Batch.Co2(number % 5, $"{9 + minute / 60:00}:{minute % 60:00}:{partition.PartitionId}{number / 5}", minute));
            var events = app.Events(partition, Encoding.UTF8.GetBytes(Batch.From($"gw{partition.PartitionId}", [.. readings])));
            await Eventually.TrueAsync(
                async () =>
                {
                    try
                    {
                        await app.Ingest.StoreAsync(events, partition, Token);
                        return true;
                    }
                    catch (Exception exception) when (exception is NpgsqlException or Azure.RequestFailedException or AggregateException or TimeoutException)
                    {
                        return false;
                    }
                },
                TimeSpan.FromSeconds(120),
                "a batch is stored",
                Token);
        }
    }

    private Task StoredAsync(int count) => Eventually.TrueAsync(
        async () => long.Parse(await app.QueryAsync("SELECT count(*) FROM reading"), CultureInfo.InvariantCulture) >= count, TimeSpan.FromSeconds(120), $"{count} readings are stored", Token);

    private Task<PostgresServer> StartPostgresAsync(int port) => PostgresServer.StartAsync(
        new() { DataFolder = folder.File("postgres"), AdministratorPassword = "administrator", OwnerPassword = "owner", SharedBuffersMegabytes = 64, Port = port }, Token);

    private Task<AzuriteServer> StartAzuriteAsync(int port) => AzuriteServer.StartAsync(
        new() { DataFolder = folder.File("azurite"), AccountKey = Convert.ToBase64String(new byte[64]), Port = port }, Token);
}
