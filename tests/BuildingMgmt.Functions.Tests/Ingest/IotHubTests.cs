using System.Security.Cryptography;
using System.Text;
using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Producer;
using BuildingMgmt.Database;
using BuildingMgmt.LocalStack.Apps;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Ingest;

/// <summary>Events as IoT Hub routes them to an Event Hub, which hands on their annotations as it does anybody's.</summary>
public sealed class IotHubTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private readonly EventHubsFixture eventHubs = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => eventHubs.InitializeAsync();

    public ValueTask DisposeAsync() => eventHubs.DisposeAsync();

    [Theory]
    [InlineData("true", "gw-1 2=1+1")]
    // Then anybody could have written the annotation.
    [InlineData("false", "(unknown) 1=0+1, gw 1=1+0")]
    public async Task Device_of_the_annotation_is_the_gateway_only_where_the_setting_says_so(string trusted, string ledger)
    {
        await using var database = await postgres.CreateDatabaseAsync(Token);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await CatalogueImport.ImportAsync(source, TestBuilding.Tower, Token);
        using var signingKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var app = await FunctionAppProcess.StartAsync(
            new()
            {
                Name = "app",
                Postgres = database.ConnectionString,
                Storage = azurite.ConnectionString,
                EventHubs = eventHubs.ConnectionString,
                SigningKey = signingKey.ExportECPrivateKeyPem(),
                Settings = new Dictionary<string, string>
                {
                    ["LatestValues__TableName"] = IngestApp.NewTableName(),
                    ["Ingest__TrustIotHubProperties"] = trusted,
                },
            },
            Token);

        await SendAsync($$"""{"batch":[{{Batch.Co2(0, "11:59:00", 600)}}]}""");
        await SendAsync(Batch.Of(Batch.Co2(1, "11:59:00", 601)));
        await Eventually.TrueAsync(async () => await LedgerAsync(source) == ledger, TimeSpan.FromSeconds(40), ledger, Token);
    }

    private async Task SendAsync(string body)
    {
        var data = new EventData(Encoding.UTF8.GetBytes(body)) { ContentType = "application/json" };
        data.GetRawAmqpMessage().Properties.ContentEncoding = "utf-8";
        data.GetRawAmqpMessage().MessageAnnotations["iothub-connection-device-id"] = "gw-1";
        await using var producer = new EventHubProducerClient(eventHubs.ConnectionString, "telemetry");
        await producer.SendAsync([data], new SendEventOptions { PartitionId = "0" }, Token);
    }

    private static async Task<string?> LedgerAsync(NpgsqlDataSource source)
    {
        await using var command = source.CreateCommand(
            "SELECT string_agg(gateway_id || ' ' || sent || '=' || stored || '+' || dead_lettered, ', ' ORDER BY gateway_id) FROM gateway_ledger");
        return await command.ExecuteScalarAsync(Token) as string;
    }
}
