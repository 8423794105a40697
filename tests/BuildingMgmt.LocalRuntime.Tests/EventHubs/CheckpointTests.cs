using Azure.Messaging.EventHubs;
using BuildingMgmt.LocalRuntime.EventHubs;
using BuildingMgmt.LocalRuntime.Functions;
using BuildingMgmt.LocalRuntime.Tests.Functions;
using BuildingMgmt.LocalRuntime.Tests.Storage;
using BuildingMgmt.Testing;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildingMgmt.LocalRuntime.Tests.EventHubs;

#pragma warning disable IDE0060 // The trigger's value is not looked at.
public static class ContentFunction
{
    [Function("Content")]
    public static Task Run([EventHubTrigger("%Hub%", Connection = "EventHubs")] EventData[] events) => Task.CompletedTask;
}
#pragma warning restore IDE0060

public sealed class CheckpointTests(AzuriteFixture azurite)
{
    private const string ConsumerGroup = "$Default";
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Old_owner_that_writes_late_does_not_put_the_new_owners_checkpoint_back()
    {
        await using var hub = await TestHub.StartAsync(azurite, partitions: 1);
        using var runner = new RunnerFixture();
        var storage = new StorageGate("/checkpoint/");
        var oldOwner = StartWorker(hub, runner, storage);

        using var shut = storage.Shut();
        await hub.SendAsync("0", "a");
        await storage.Held.WaitAsync(Deadline, Token);
        var abandoned = oldOwner.AbandonAsync();
        await Blobs(hub, hub.Container).WriteCheckpointAsync("0", "1000", 10, "the new owner", Token);
        shut.Dispose();

        await abandoned.WaitAsync(Deadline, Token);
        await storage.Settled.WaitAsync(Deadline, Token);
        Assert.Equal("10", await hub.CheckpointAsync("0"));
    }

    private static PartitionWorker StartWorker(TestHub hub, RunnerFixture runner, StorageGate storage)
    {
        var container = storage.Container(hub.Settings["AzureWebJobsStorage"]!, PartitionBlobs.ContainerName);
        var work = new PartitionWork(
            Assert.Single(FunctionDiscovery.Find([typeof(ContentFunction)])), HubAddress.Parse(hub.ConnectionString, hub.Name), ConsumerGroup,
            "the old owner", new EventHubSettings(), Blobs(hub, container), runner.Runner, TimeProvider.System, NullLogger.Instance);
        return new PartitionWorker(work, "0", Task.CompletedTask);
    }

    private static PartitionBlobs Blobs(TestHub hub, Azure.Storage.Blobs.BlobContainerClient container) =>
        new(container, hub.Namespace, hub.Name, ConsumerGroup);
}
