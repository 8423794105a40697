using BuildingMgmt.LocalRuntime.EventHubs;
using BuildingMgmt.LocalRuntime.Tests.Hosting;
using BuildingMgmt.LocalStack.Storage;
using BuildingMgmt.Testing;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.LocalRuntime.Tests.EventHubs;

public sealed class OwnershipTests(AzuriteFixture azurite)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly string[] Partitions = ["0", "1", "2", "3"];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Two_hosts_share_the_partitions_and_one_takes_all_when_the_other_goes()
    {
        await using var hub = await TestHub.StartAsync(azurite);
        var (firstReceived, secondReceived) = (new ReceivedEvents(), new ReceivedEvents());
        var first = await StartAsync(hub, firstReceived);
        await OwnedAsync(hub, owners => owners.Count == 4);

        var second = await StartAsync(hub, secondReceived);
        await OwnedAsync(hub, owners => owners.Count == 4 && owners.Values.GroupBy(owner => owner).All(share => share.Count() == 2));

        // The first host hears of it a moment after the blobs say so; from then on each has two partitions' events.
        var round = 0;
        await Eventually.TrueAsync(
            async () =>
            {
                var name = $"round {++round}";
                await Task.WhenAll(Partitions.Select(partition => hub.SendAsync(partition, name)));
                await Eventually.TrueAsync(
                    () => Task.FromResult(firstReceived.Bodies.Concat(secondReceived.Bodies).Count(body => body == name) >= 4),
                    Deadline, "every partition is worked off", Token);
                return firstReceived.Bodies.Count(body => body == name) == 2 && secondReceived.Bodies.Count(body => body == name) == 2;
            },
            Deadline, "both work", Token);

        await first.DisposeAsync();
        await hub.SendAsync("0", "later 0");
        await hub.SendAsync("1", "later 1");
        await hub.SendAsync("2", "later 2");
        await hub.SendAsync("3", "later 3");
        await Eventually.TrueAsync(
            () => Task.FromResult(secondReceived.Bodies.Count(body => body.StartsWith("later", StringComparison.Ordinal)) == 4),
            Deadline, "the second host has all partitions", Token);
        await second.DisposeAsync();
        Assert.Empty(await hub.OwnersAsync());
    }

    [Fact]
    public async Task Killed_process_loses_nothing_and_another_takes_over()
    {
        await using var hub = await TestHub.StartAsync(azurite);
        using var folder = new ScratchFolder();
        await using var killed = TestAppProcess.Start(hub, folder.File("killed.txt"));
        await OwnedAsync(hub, owners => owners.Count == 4);
        await Task.WhenAll(Partitions.Select(partition => hub.SendAsync(partition, "before")));
        await LinesAsync(folder.File("killed.txt"), 4);

        await killed.KillAsync();
        await Task.WhenAll(Partitions.Select(partition => hub.SendAsync(partition, "after")));
        await using var heir = TestAppProcess.Start(hub, folder.File("heir.txt"));

        await Eventually.TrueAsync(
            () => Task.FromResult(TestAppProcess.Lines(folder.File("heir.txt")).Where(line => line.EndsWith("after", StringComparison.Ordinal)).Select(line => line[0]).Distinct().Count() == 4),
            Deadline, "the other process has the events of all partitions", Token);
    }

    [Fact]
    public async Task Process_that_is_told_to_stop_ends_in_order_and_leaves_no_ownership()
    {
        await using var hub = await TestHub.StartAsync(azurite);
        using var folder = new ScratchFolder();
        var process = TestAppProcess.Start(hub, folder.File("events.txt"));
        await hub.SendAsync("0", "a");
        await LinesAsync(folder.File("events.txt"), 1);

        await process.DisposeAsync();

        Assert.Equal(0, await process.Exited);
        Assert.Equal("0", await hub.CheckpointAsync("0"));
        Assert.Empty(await hub.OwnersAsync());
    }

    [Fact]
    public async Task Storage_that_is_away_stops_no_partition_that_is_held()
    {
        using var folder = new ScratchFolder();
        var options = new AzuriteOptions { DataFolder = folder.File("azurite"), AccountKey = Convert.ToBase64String(new byte[64]) };
        var storage = await AzuriteServer.StartAsync(options, Token);
        await using var hub = await TestHub.StartAsync(azurite);
        var received = new ReceivedEvents();
        var settings = hub.Settings;
        settings["AzureWebJobsStorage"] = storage.ConnectionString;
        await using var host = await TestHost.StartAsync(
            [typeof(BatchFunction)], builder => builder.Services.AddSingleton(received), settings);
        await Task.WhenAll(Partitions.Select(partition => hub.SendAsync(partition, "before")));
        await CountAsync(received, 4);

        await storage.DisposeAsync();
        for (var i = 0; i < 5; i++)
        {
            await Task.WhenAll(Partitions.Select(partition => hub.SendAsync(partition, $"away {i}")));
            await CountAsync(received, 8 + (4 * i));
        }

        // An empty account: its container and blobs are made again, at the place that was reached.
        await using var empty = await AzuriteServer.StartAsync(options with { DataFolder = folder.File("empty"), Port = storage.Port }, Token);
        var blobs = new Azure.Storage.Blobs.BlobServiceClient(empty.ConnectionString).GetBlobContainerClient("azure-webjobs-eventhub");
        await hub.SendAsync("0", "back");
        await Eventually.TrueAsync(
            async () =>
            {
                var blob = blobs.GetBlobClient($"{hub.Namespace}/{hub.Name}/$default/checkpoint/0");
                return await blob.ExistsAsync(Token) && (await blob.GetPropertiesAsync(cancellationToken: Token)).Value.Metadata["sequencenumber"] == "6";
            },
            Deadline, "the checkpoint is written again", Token);
        Assert.Equal(25, received.Bodies.Count);
    }

    [Property(MaxTest = 200)]
    public Property Any_number_of_instances_ends_with_equal_shares() =>
        Prop.ForAll(
            Gen.Choose(1, 32).Zip(Gen.Choose(1, 8)).Zip(Gen.Choose(0, int.MaxValue)).ToArbitrary(),
            drawn =>
            {
                var ((partitionCount, instanceCount), seed) = drawn;
                var random = new System.Random(seed);
                var partitions = Enumerable.Range(0, partitionCount).Select(i => $"{i}").ToList();
                var instances = Enumerable.Range(0, instanceCount).Select(i => $"instance-{i}").ToList();
                var owned = new Dictionary<string, Ownership>();
                for (var step = 0; step < 2_000 && instances.Any(instance => Next(instance) is not null); step++)
                {
                    var self = instances[random.Next(instances.Count)];
                    if (Next(self) is { } next)
                        owned[next] = new Ownership(next, self, default, default);
                }

                var shares = instances.Select(instance => owned.Values.Count(ownership => ownership.Owner == instance)).ToList();
                return owned.Count == partitionCount && shares.Max() - shares.Min() <= 1;

                string? Next(string instance) => PartitionBalance.NextToClaim(partitions, owned.Values, instance, random.Next);
            });

    private static Task<TestHost> StartAsync(TestHub hub, ReceivedEvents received) =>
        TestHost.StartAsync([typeof(BatchFunction)], builder => builder.Services.AddSingleton(received), hub.Settings);

    private static Task OwnedAsync(TestHub hub, Func<IReadOnlyDictionary<string, string>, bool> condition) =>
        Eventually.TrueAsync(async () => condition(await hub.OwnersAsync()), Deadline, "the partitions are shared out", Token);

    private static Task CountAsync(ReceivedEvents received, int count) =>
        Eventually.TrueAsync(() => Task.FromResult(received.Bodies.Count >= count), Deadline, $"{count} events are received", Token);

    private static Task LinesAsync(string path, int count) =>
        Eventually.TrueAsync(() => Task.FromResult(TestAppProcess.Lines(path).Count >= count), Deadline, $"{count} events are logged", Token);
}
