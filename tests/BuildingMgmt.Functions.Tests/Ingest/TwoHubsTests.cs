using System.Security.Cryptography;
using System.Text;
using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Producer;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.LocalStack.Apps;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Ingest;

/// <summary>Two hubs of one name, in namespaces that differ by their port, stored into one database.</summary>
public sealed class TwoHubsTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(40);
    private readonly EventHubsFixture one = new();
    private readonly EventHubsFixture other = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await Task.WhenAll(one.InitializeAsync().AsTask(), other.InitializeAsync().AsTask());

    public async ValueTask DisposeAsync()
    {
        await one.DisposeAsync();
        await other.DisposeAsync();
    }

    [Fact]
    public async Task Events_of_another_hub_of_the_same_name_are_not_taken_for_stored_ones()
    {
        await using var database = await postgres.CreateDatabaseAsync(Token);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        // The other hub's event has the same number and was accepted earlier, as one that is stored already would.
        await SendAsync(other, "sent to the other");
        await SendAsync(one, "sent to one");

        await using (await StartAppAsync(database, one))
            await DeadLettersAsync(source, 1);
        await using (await StartAppAsync(database, other))
            await DeadLettersAsync(source, 2);

        await using var letters = source.CreateCommand("SELECT string_agg(hub || ' ' || convert_from(content, 'UTF8'), ', ' ORDER BY dead_letter_id) FROM dead_letter");
        Assert.Equal(
            $"127.0.0.1:{one.Server.Port}/telemetry sent to one, 127.0.0.1:{other.Server.Port}/telemetry sent to the other",
            await letters.ExecuteScalarAsync(Token));
    }

    // No batch: its dead letter tells where it came from.
    private static async Task SendAsync(EventHubsFixture hub, string body)
    {
        await using var producer = new EventHubProducerClient(hub.ConnectionString, "telemetry");
        await producer.SendAsync([new EventData(Encoding.UTF8.GetBytes(body))], new SendEventOptions { PartitionId = "0" }, Token);
    }

    private async Task<FunctionAppProcess> StartAppAsync(TestDatabase database, EventHubsFixture hub)
    {
        using var signingKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return await FunctionAppProcess.StartAsync(
            new()
            {
                Name = "app",
                Postgres = database.ConnectionString,
                Storage = azurite.ConnectionString,
                EventHubs = hub.ConnectionString,
                SigningKey = signingKey.ExportECPrivateKeyPem(),
                Settings = new Dictionary<string, string> { ["LatestValues__TableName"] = IngestApp.NewTableName() },
            },
            Token);
    }

    private static Task DeadLettersAsync(NpgsqlDataSource source, long count) => Eventually.TrueAsync(
        async () =>
        {
            await using var command = source.CreateCommand("SELECT count(*) FROM dead_letter");
            return (long)(await command.ExecuteScalarAsync(Token))! == count;
        },
        Deadline,
        $"{count} dead letters are stored",
        Token);
}
