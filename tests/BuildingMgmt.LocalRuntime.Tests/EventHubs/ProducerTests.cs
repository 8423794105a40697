using System.Security.Cryptography;
using Azure.Core.Amqp;
using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Producer;
using BuildingMgmt.LocalRuntime.EventHubs;
using BuildingMgmt.Testing;

namespace BuildingMgmt.LocalRuntime.Tests.EventHubs;

public sealed class ProducerTests(AzuriteFixture azurite) : IAsyncLifetime
{
    private TestHub _hub = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _hub = await TestHub.StartAsync(azurite);

    public ValueTask DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task Event_arrives_with_everything_that_was_sent()
    {
        var body = RandomNumberGenerator.GetBytes(200_000);
        var sent = new EventData(body) { ContentType = "application/json", MessageId = "m-1", CorrelationId = "c-1" };
        sent.GetRawAmqpMessage().Properties.ContentEncoding = "gzip";
        sent.GetRawAmqpMessage().Properties.Subject = "s";
        sent.Properties["text"] = "t";
        sent.Properties["number"] = 42L;
        sent.Properties["time"] = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        await _hub.Producer.SendAsync([sent], new SendEventOptions { PartitionKey = "gw-1" }, Token);

        var received = await ReceiveOneAsync();
        Assert.True(body.AsSpan().SequenceEqual(received.Body.Span));
        Assert.Equal(("application/json", "m-1", "c-1", "gw-1"), (received.ContentType, received.MessageId, received.CorrelationId, received.PartitionKey));
        Assert.Equal(("gzip", "s"), (received.GetRawAmqpMessage().Properties.ContentEncoding, received.GetRawAmqpMessage().Properties.Subject));
        Assert.Equal("t", received.Properties["text"]);
        Assert.Equal(42L, received.Properties["number"]);
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), received.Properties["time"]);
        Assert.Equal(0, received.SequenceNumber);
        Assert.Equal("gzip", received.SystemProperties["content-encoding"]);
        Assert.Equal(0L, received.SystemProperties["x-opt-sequence-number"]);
        Assert.InRange(received.EnqueuedTime, DateTimeOffset.UnixEpoch.AddYears(50), DateTimeOffset.MaxValue);
        Assert.False(received.GetRawAmqpMessage().HasSection(AmqpMessageSection.Footer));
    }

    [Fact]
    public async Task Events_of_one_batch_arrive_in_order_with_their_own_properties()
    {
        using var batch = await _hub.Producer.CreateBatchAsync(new CreateBatchOptions { PartitionId = "2" }, Token);
        for (var i = 0; i < 50; i++)
        {
            var item = new EventData($"event {i}");
            item.Properties["i"] = i;
            Assert.True(batch.TryAdd(item));
        }

        await _hub.Producer.SendAsync(batch, Token);

        var received = await ReceiveAsync("2", 50);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"event {i}"), received.Select(item => item.EventBody.ToString()));
        Assert.Equal(Enumerable.Range(0, 50), received.Select(item => (int)item.Properties["i"]));
    }

    [Fact]
    public async Task Batch_is_full_exactly_at_the_size_that_the_hub_takes()
    {
        using var batch = await _hub.Producer.CreateBatchAsync(new CreateBatchOptions { PartitionKey = "key" }, Token);
        var body = new byte[10_000];
        while (batch.TryAdd(new EventData(body)))
        {
        }

        // What still fits, to the byte.
        for (var size = 10_000; size >= 0; size--)
        {
            if (batch.TryAdd(new EventData(body.AsMemory(0, size))))
                break;
        }

        Assert.InRange(batch.SizeInBytes, batch.MaximumSizeInBytes - 10, batch.MaximumSizeInBytes);
        await _hub.Producer.SendAsync(batch, Token);
    }

    [Fact]
    public async Task Too_much_at_once_is_refused_before_it_is_sent_and_the_producer_goes_on()
    {
        var error = await Assert.ThrowsAsync<EventHubsException>(() => _hub.Producer.SendAsync([new EventData(new byte[2_000_000])], Token));

        Assert.Equal(EventHubsException.FailureReason.MessageSizeExceeded, error.Reason);
        Assert.False(error.IsTransient);
        await _hub.SendAsync("0", "after");
    }

    [Fact]
    public async Task Many_sends_at_once_all_arrive_and_keep_their_order_within_a_key()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async key =>
        {
            for (var i = 0; i < 25; i++)
                await _hub.Producer.SendAsync([new EventData($"{key} {i}")], new SendEventOptions { PartitionKey = $"key-{key}" }, Token);
        }));

        var partitions = await Task.WhenAll((await _hub.Producer.GetPartitionIdsAsync(Token)).Select(async partition =>
        {
            var properties = await _hub.Producer.GetPartitionPropertiesAsync(partition, Token);
            return properties.IsEmpty ? [] : await ReceiveAsync(partition, (int)properties.LastEnqueuedSequenceNumber + 1);
        }));
        var all = partitions.SelectMany(events => events).Select(item => item.EventBody.ToString().Split(' ')).ToList();
        Assert.Equal(200, all.Count);
        Assert.All(all.GroupBy(parts => parts[0]), group => Assert.Equal(Enumerable.Range(0, 25).Select(i => $"{i}"), group.Select(parts => parts[1])));
    }

    [Fact]
    public async Task Producer_sends_again_after_the_endpoint_was_killed()
    {
        await _hub.SendAsync("1", "before");
        var restarted = _hub.KillAndRestartAsync();

        await _hub.SendAsync("1", "after");
        await restarted;

        Assert.Equal(["before", "after"], (await ReceiveAsync("1", 2)).Select(item => item.EventBody.ToString()));
    }

    [Fact]
    public async Task Endpoint_that_stays_away_is_an_error_after_the_retries()
    {
        await using var producer = new EventHubProducerClient(
            "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=k;SharedAccessKey=a2V5;UseDevelopmentEmulator=true;",
            "telemetry",
            new EventHubProducerClientOptions { RetryOptions = { MaximumRetries = 1, Delay = TimeSpan.FromMilliseconds(10) } });

        var error = await Assert.ThrowsAsync<EventHubsException>(() => producer.SendAsync([new EventData("x")], Token));

        Assert.True(error.IsTransient);
        Assert.Equal(EventHubsException.FailureReason.ServiceCommunicationProblem, error.Reason);
    }

    [Fact]
    public async Task Wrong_key_is_refused()
    {
        await using var producer = new EventHubProducerClient(
            _hub.ConnectionString.Replace("SharedAccessKey=AAAA", "SharedAccessKey=BBBB", StringComparison.Ordinal),
            _hub.Name,
            new EventHubProducerClientOptions { RetryOptions = { MaximumRetries = 0 } });

        var error = await Assert.ThrowsAsync<EventHubsException>(() => producer.SendAsync([new EventData("x")], Token));

        Assert.Contains("401", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Closed_producer_says_that_it_is_closed()
    {
        await using var producer = new EventHubProducerClient(_hub.ConnectionString, _hub.Name);
        await producer.SendAsync([new EventData("x")], Token);
        await producer.CloseAsync(Token);

        var error = await Assert.ThrowsAsync<EventHubsException>(() => producer.SendAsync([new EventData("x")], Token));

        Assert.Equal(EventHubsException.FailureReason.ClientClosed, error.Reason);
        Assert.True(producer.IsClosed);
    }

    private async Task<EventData> ReceiveOneAsync()
    {
        foreach (var partition in await _hub.Producer.GetPartitionIdsAsync(Token))
        {
            if (!(await _hub.Producer.GetPartitionPropertiesAsync(partition, Token)).IsEmpty)
                return (await ReceiveAsync(partition, 1))[0];
        }

        throw new InvalidOperationException("All partitions are empty.");
    }

    private async Task<List<EventData>> ReceiveAsync(string partition, int count)
    {
        await using var receiver = await HubReceiver.OpenAsync(
            HubAddress.Parse(_hub.ConnectionString, _hub.Name), "$Default", partition, StartPosition.Earliest, new Prefetch(10, 1_000_000), "test",
            (_, error) => throw error, TimeProvider.System, Token);
        var events = new List<EventData>();
        while (events.Count < count)
        {
            await receiver.WaitAsync(Token).WaitAsync(TimeSpan.FromSeconds(30), Token);
            receiver.Read(events, count);
        }

        return events;
    }
}
