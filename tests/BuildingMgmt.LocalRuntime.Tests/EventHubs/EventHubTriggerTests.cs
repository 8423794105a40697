using BuildingMgmt.LocalRuntime.EventHubs;
using BuildingMgmt.LocalRuntime.Tests.Hosting;
using BuildingMgmt.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.LocalRuntime.Tests.EventHubs;

/// <summary>The trigger between the real endpoint and a real Azurite.</summary>
public sealed class EventHubTriggerTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(40);
    private readonly ReceivedEvents _received = new();
    private TestHub _hub = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _hub = await TestHub.StartAsync(azurite);

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task Events_of_a_partition_come_in_order_and_the_checkpoint_follows()
    {
        await using var host = await StartAsync<BatchFunction>();

        for (var i = 0; i < 5; i++)
            await _hub.SendAsync("1", Enumerable.Range(i * 100, 100).Select(n => $"{n}"));

        await ReceivedAsync(500);
        Assert.Equal(Enumerable.Range(0, 500).Select(n => $"{n}"), _received.Bodies);
        await CheckpointAsync("1", "499");
    }

    [Fact]
    public async Task Restarted_host_goes_on_behind_its_checkpoint()
    {
        await using (await StartAsync<BatchFunction>())
        {
            await _hub.SendAsync("0", "a", "b");
            await ReceivedAsync(2);
        }

        // The checkpoint was written on the way out, and ownership given up, so that the next is quick.
        Assert.Equal("1", await _hub.CheckpointAsync("0"));
        Assert.Empty(await _hub.OwnersAsync());
        await _hub.SendAsync("0", "c");

        await using var host = await StartAsync<BatchFunction>();
        await ReceivedAsync(3);
        Assert.Equal(["a", "b", "c"], _received.Bodies);
    }

    [Fact]
    public async Task Partition_that_ends_before_its_checkpoint_is_read_from_its_beginning()
    {
        var blobs = new PartitionBlobs(_hub.Container, _hub.Namespace, _hub.Name, "$Default");
        await blobs.WriteCheckpointAsync("0", offset: "1000000", sequenceNumber: 1000, client: "earlier", Token);
        await _hub.SendAsync("0", "first of a hub made anew");

        await using var host = await StartAsync<BatchFunction>();

        await ReceivedAsync(1);
        Assert.Equal(["first of a hub made anew"], _received.Bodies);
        await CheckpointAsync("0", "0");
    }

    [Fact]
    public async Task Hubs_of_one_name_behind_two_ports_share_no_checkpoint_and_no_ownership()
    {
        await using var other = await TestHub.StartAsync(azurite, name: _hub.Name);
        await _hub.SendAsync("0", "of one");
        await other.SendAsync("0", "of the other");
        await using var host = await StartAsync<BatchFunction>();
        await ReceivedAsync(1);
        await CheckpointAsync("0", "0");

        await using var otherHost = await TestHost.StartAsync(
            [typeof(BatchFunction)], builder => builder.Services.AddSingleton(_received), other.Settings);

        await ReceivedAsync(2);
        Assert.Equal(["of one", "of the other"], _received.Bodies);
        await Eventually.TrueAsync(
            async () => (await _hub.OwnersAsync()).Count == 4 && (await other.OwnersAsync()).Count == 4,
            Deadline, "each host owns all partitions of its hub", Token);
    }

    [Fact]
    public async Task Function_that_throws_without_retry_does_not_hold_up_its_partition()
    {
        _received.OnRun = (bodies, _) =>
        {
            if (bodies.Contains("bad"))
                throw new InvalidOperationException("on purpose");
        };
        await using var host = await StartAsync<BatchFunction>();

        await _hub.SendAsync("2", "bad");
        await ReceivedAsync(1);
        await CheckpointAsync("2", "0");
        await _hub.SendAsync("2", "good");

        await ReceivedAsync(2);
        Assert.Equal(["bad", "good"], _received.Bodies);
    }

    [Fact]
    public async Task Retries_are_made_with_the_same_events_and_the_checkpoint_moves_once_they_are_spent()
    {
        _received.OnRun = (_, _) => throw new InvalidOperationException("on purpose");
        await using var host = await StartAsync<TwiceRetriedFunction>();

        await _hub.SendAsync("3", "x");

        await CheckpointAsync("3", "0");
        Assert.Equal([("x", 1, 0), ("x", 2, 1), ("x", 3, 2)], _received.All);
    }

    [Fact]
    public async Task Retry_for_ever_holds_the_checkpoint_until_the_function_returns()
    {
        var failing = true;
        _received.OnRun = (_, _) =>
        {
            if (Volatile.Read(ref failing))
                throw new InvalidOperationException("on purpose");
        };
        await using var host = await StartAsync<ForeverRetriedFunction>();
        await _hub.SendAsync("3", "x");
        await ReceivedAsync(6);
        Assert.Null(await _hub.CheckpointAsync("3"));

        Volatile.Write(ref failing, false);

        await CheckpointAsync("3", "0");
        Assert.All(_received.Bodies, body => Assert.Equal("x", body));
        Assert.Equal(Enumerable.Range(0, _received.All.Count), _received.All.Select(item => item.Retry));
    }

    [Fact]
    public async Task Shutdown_ends_a_retry_for_ever_without_a_checkpoint_and_the_next_host_has_the_event()
    {
        _received.OnRun = (_, _) => throw new InvalidOperationException("on purpose");
        await using (await StartAsync<ForeverRetriedFunction>())
        {
            await _hub.SendAsync("0", "x");
            await ReceivedAsync(3);
        }

        Assert.Null(await _hub.CheckpointAsync("0"));
        var seen = _received.All.Count;
        _received.OnRun = (_, _) => { };
        await using var host = await StartAsync<ForeverRetriedFunction>();
        await CheckpointAsync("0", "0");
        Assert.Equal(seen + 1, _received.All.Count);
    }

    [Fact]
    public async Task Shutdown_lets_a_running_batch_end_and_checkpoints_it()
    {
        var goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _received.Hold = _ => goOn.Task;
        await using var host = await StartAsync<BatchFunction>();
        await _hub.SendAsync("1", "x");
        await ReceivedAsync(1);

        var stopped = host.StopAsync();
        Assert.Null(await _hub.CheckpointAsync("1"));
        goOn.SetResult();
        await stopped.WaitAsync(Deadline, Token);

        Assert.Equal("0", await _hub.CheckpointAsync("1"));
    }

    [Fact]
    public async Task Single_events_come_one_by_one()
    {
        await using var host = await StartAsync<SingleFunction>();

        await _hub.SendAsync("0", "a", "b", "c");

        await ReceivedAsync(3);
        Assert.Equal([("a", 1, 0), ("b", 2, 0), ("c", 3, 0)], _received.All);
    }

    [Fact]
    public async Task Batches_are_no_larger_than_host_json_says()
    {
        await _hub.SendAsync("0", Enumerable.Range(0, 95).Select(n => $"{n}"));

        await using var host = await StartAsync<BatchFunction>(
            """{"version":"2.0","extensions":{"http":{"routePrefix":""},"eventHubs":{"maxEventBatchSize":10,"prefetchCount":7}}}""");

        await ReceivedAsync(95);
        Assert.InRange(_received.All.GroupBy(item => item.Batch).Max(batch => batch.Count()), 1, 10);
    }

    [Fact]
    public async Task Batch_waits_for_the_fewest_events_that_host_json_says_or_for_its_time()
    {
        await using var host = await StartAsync<BatchFunction>(
            """{"version":"2.0","extensions":{"http":{"routePrefix":""},"eventHubs":{"minEventBatchSize":3,"maxWaitTime":"00:00:02"}}}""");

        await _hub.SendAsync("0", "a", "b");
        await _hub.SendAsync("0", "c");
        await ReceivedAsync(3);
        await _hub.SendAsync("0", "d");

        await ReceivedAsync(4);
        Assert.Equal([("a", 1, 0), ("b", 1, 0), ("c", 1, 0), ("d", 2, 0)], _received.All);
    }

    [Fact]
    public async Task Checkpoint_moves_only_after_as_many_batches_as_host_json_says()
    {
        await using var host = await StartAsync<BatchFunction>(
            """{"version":"2.0","extensions":{"http":{"routePrefix":""},"eventHubs":{"batchCheckpointFrequency":2,"maxEventBatchSize":1}}}""");

        await _hub.SendAsync("0", "a", "b", "c");

        await ReceivedAsync(3);
        await CheckpointAsync("0", "1");
    }

    [Fact]
    public async Task Start_at_the_end_passes_by_what_was_there()
    {
        await _hub.SendAsync("0", "old");
        await using var host = await StartAsync<BatchFunction>(
            """{"version":"2.0","extensions":{"http":{"routePrefix":""},"eventHubs":{"initialOffsetOptions":{"type":"fromEnd"}}}}""");
        await Eventually.TrueAsync(async () => (await _hub.OwnersAsync()).Count == 4, Deadline, "all partitions are owned", Token);

        // Owned is not yet attached: send until one is seen.
        await Eventually.TrueAsync(
            async () =>
            {
                await _hub.SendAsync("0", "new");
                return _received.Bodies.Count > 0;
            },
            Deadline,
            "a new event comes",
            Token);

        Assert.DoesNotContain("old", _received.Bodies);
    }

    [Fact]
    public async Task Receiving_goes_on_after_the_endpoint_was_killed()
    {
        await using var host = await StartAsync<BatchFunction>();
        await _hub.SendAsync("0", "a");
        await ReceivedAsync(1);

        await _hub.KillAndRestartAsync();
        await _hub.SendAsync("0", "b");

        await ReceivedAsync(2);
        Assert.Equal(["a", "b"], _received.Bodies);
    }

    [Fact]
    public async Task Event_that_cannot_be_decoded_comes_as_bytes_and_does_not_hold_up_its_partition()
    {
        // An application property of a type that is reserved, then a body.
        byte[] strange = [0x00, 0x53, 0x74, 0xC1, 0x06, 0x02, 0xA1, 0x01, (byte)'d', 0x5F, 1, 0x00, 0x53, 0x75, 0xA0, 0x01, (byte)'x'];

        // An unknown section, and one described by a symbol that nobody knows.
        byte[] unknown = [0x00, 0x53, 0x79, 0xA0, 0x01, (byte)'y'];
        await using var host = await StartAsync<BytesFunction>();
        await _hub.SendAsync("0", "before");
        await _hub.SendEncodedAsync("0", strange, unknown);
        await _hub.SendAsync("0", "after");

        await ReceivedAsync(4);
        Assert.Equal(
            [Convert.ToHexString("before"u8), Convert.ToHexString(strange), Convert.ToHexString(unknown), Convert.ToHexString("after"u8)], _received.Bodies);
        await CheckpointAsync("0", "3");
    }

    [Fact]
    public async Task Lost_blobs_are_made_again_and_nothing_comes_twice_meanwhile()
    {
        await using var host = await StartAsync<BatchFunction>();
        await _hub.SendAsync("0", "a");
        await ReceivedAsync(1);
        await CheckpointAsync("0", "0");
        await Eventually.TrueAsync(async () => (await _hub.OwnersAsync()).Count == 4, Deadline, "all partitions are owned", Token);

        await foreach (var blob in _hub.Container.GetBlobsAsync(
            new Azure.Storage.Blobs.Models.GetBlobsOptions { Prefix = $"{_hub.Namespace}/{_hub.Name}/" }, Token))
            await _hub.Container.DeleteBlobAsync(blob.Name, cancellationToken: Token);
        await Eventually.TrueAsync(async () => (await _hub.OwnersAsync()).Count == 4, Deadline, "all partitions are owned again", Token);
        await _hub.SendAsync("0", "b");

        await CheckpointAsync("0", "1");
        Assert.Equal(["a", "b"], _received.Bodies);
    }

    private Task<TestHost> StartAsync<TFunction>(string hostJson = """{"version":"2.0"}""") =>
        TestHost.StartAsync([typeof(TFunction)], builder => builder.Services.AddSingleton(_received), _hub.Settings, hostJson);

    private Task ReceivedAsync(int count) =>
        Eventually.TrueAsync(() => Task.FromResult(_received.All.Count >= count), Deadline, $"{count} events are received", Token);

    private Task CheckpointAsync(string partition, string sequenceNumber) =>
        Eventually.TrueAsync(
            async () => await _hub.CheckpointAsync(partition) == sequenceNumber, Deadline, $"partition {partition} is checkpointed at {sequenceNumber}", Token);
}
