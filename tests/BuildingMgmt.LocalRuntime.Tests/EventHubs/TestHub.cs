using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Producer;
using Azure.Storage.Blobs;
using BuildingMgmt.LocalRuntime.EventHubs;
using BuildingMgmt.LocalStack.EventHubs;
using BuildingMgmt.Testing;

namespace BuildingMgmt.LocalRuntime.Tests.EventHubs;

/// <summary>The real endpoint with a hub of its own name, so that the blobs of one storage account do not mix.</summary>
internal sealed class TestHub : IAsyncDisposable
{
    private readonly ScratchFolder _folder;
    private readonly EventHubsOptions _options;
    private readonly AzuriteFixture _azurite;
    private EventHubProducerClient? _producer;

    private TestHub(ScratchFolder folder, EventHubsOptions options, EventHubsServer server, AzuriteFixture azurite)
    {
        _folder = folder;
        _options = options;
        _azurite = azurite;
        Server = server;
    }

    public EventHubsServer Server { get; private set; }

    public string Name => _options.Hub;

    /// <summary>As it stands in the names of blobs: the endpoint's port is none of the protocol's own.</summary>
    public string Namespace => $"127.0.0.1:{Server.Port}";

    public string ConnectionString => Server.ConnectionString;

    public EventHubProducerClient Producer => _producer ??= new EventHubProducerClient(ConnectionString, Name);

    public BlobContainerClient Container => new BlobServiceClient(_azurite.ConnectionString).GetBlobContainerClient("azure-webjobs-eventhub");

    public Dictionary<string, string?> Settings => new()
    {
        ["EventHubs"] = ConnectionString,
        ["Hub"] = Name,
        ["AzureWebJobsStorage"] = _azurite.ConnectionString,
    };

    public static async Task<TestHub> StartAsync(AzuriteFixture azurite, int partitions = 4, string? name = null)
    {
        var folder = new ScratchFolder();
        var options = new EventHubsOptions
        {
            DataFolder = folder.File("data"),
            Hub = name ?? $"hub-{Guid.NewGuid():N}",
            Partitions = partitions,
            Key = Convert.ToBase64String(new byte[32]),
            MoreArguments = ["--fsync", "false"],
        };
        return new TestHub(folder, options, await EventHubsServer.StartAsync(options, TestContext.Current.CancellationToken), azurite);
    }

    /// <summary>Kills the endpoint and starts it on the same port and data.</summary>
    public async Task KillAndRestartAsync()
    {
        await Server.Process.KillAsync();
        await Server.DisposeAsync();
        Server = await EventHubsServer.StartAsync(_options with { Port = Server.Port }, TestContext.Current.CancellationToken);
    }

    /// <summary>Sends one event for each text, in order, to one partition.</summary>
    public Task SendAsync(string partition, params IEnumerable<string> bodies) =>
        Producer.SendAsync(
            bodies.Select(body => new EventData(body)), new SendEventOptions { PartitionId = partition }, TestContext.Current.CancellationToken);

    /// <summary>Sends encoded messages as they are, whatever they are, as one batch.</summary>
    public async Task SendEncodedAsync(string partition, params byte[][] messages)
    {
        var token = TestContext.Current.CancellationToken;
        var connection = await HubConnection.OpenAsync(HubAddress.Parse(ConnectionString, Name), TimeProvider.System, token);
        await using (connection)
        {
            var sender = await HubSender.OpenAsync(connection, partition, token);
            var batch = EventEncoder.ToBatch([.. messages.Select(message => new Amqp.ByteBuffer(message, 0, message.Length, message.Length))], null);
            await sender.SendAsync(batch, TimeSpan.FromSeconds(20), token);
        }
    }

    /// <summary>The sequence number up to which a partition was worked off; null without a checkpoint.</summary>
    public async Task<string?> CheckpointAsync(string partition)
    {
        var blob = Container.GetBlobClient($"{Namespace}/{Name}/$default/checkpoint/{partition}");
        return await blob.ExistsAsync() ? (await blob.GetPropertiesAsync()).Value.Metadata["sequencenumber"] : null;
    }

    /// <summary>Owner of each owned partition.</summary>
    public async Task<IReadOnlyDictionary<string, string>> OwnersAsync()
    {
        var prefix = $"{Namespace}/{Name}/$default/ownership/";
        var owners = new Dictionary<string, string>();
        if (!await Container.ExistsAsync())
            return owners;
        await foreach (var blob in Container.GetBlobsAsync(new Azure.Storage.Blobs.Models.GetBlobsOptions
        {
            Traits = Azure.Storage.Blobs.Models.BlobTraits.Metadata, Prefix = prefix,
        }))
        {
            if (blob.Metadata.TryGetValue("ownerid", out var owner) && owner.Length > 0)
                owners[blob.Name[prefix.Length..]] = owner;
        }

        return owners;
    }

    public async ValueTask DisposeAsync()
    {
        if (_producer is not null)
            await _producer.DisposeAsync();
        await Server.DisposeAsync();
        _folder.Dispose();
    }
}
