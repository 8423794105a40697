using Amqp.Framing;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Peers;

public sealed class ReceiverRulesTests : IDisposable
{
    private const string Receiver = "telemetry/ConsumerGroups/$Default/Partitions/0";

    private readonly LocalEndpoint _endpoint = new();

    public void Dispose() => _endpoint.Dispose();

    [Fact]
    public async Task A_sixth_receiver_without_an_epoch_is_refused_until_one_leaves()
    {
        using var peer = await _endpoint.OpenAsync();
        await peer.BeginAsync();
        for (uint handle = 1; handle <= 5; handle++)
            await peer.AttachReceiverAsync(Receiver, 1, handle);
        await peer.AskForReceiverAsync(Receiver, handle: 6);
        Assert.Equal("amqp:resource-limit-exceeded", (await peer.ExpectDetachAsync()).Error.Condition);

        await peer.WriteAsync(0, new Detach { Handle = 1, Closed = true });
        await peer.ExpectDetachAsync();
        await peer.AttachReceiverAsync(Receiver, 1, handle: 7);
    }

    [Theory]
    [InlineData("amqp.annotation.x-opt-offset = '5'")]
    [InlineData("amqp.annotation.x-opt-sequence-number > 'five'")]
    [InlineData("color = 'red'")]
    [InlineData("")]
    public async Task A_filter_that_is_not_known_is_refused(string filter)
    {
        using var peer = await _endpoint.OpenAsync();
        await peer.BeginAsync();
        await peer.AskForReceiverAsync(Receiver, filter: filter);
        Assert.Equal("amqp:invalid-field", (await peer.ExpectDetachAsync()).Error.Condition);
    }

    [Theory]
    [InlineData("telemetry")]
    [InlineData("telemetry/Partitions/0")]
    public async Task Only_a_consumer_groups_partition_can_be_received_from(string source)
    {
        using var peer = await _endpoint.OpenAsync();
        await peer.BeginAsync();
        await peer.AskForReceiverAsync(source);
        Assert.Equal("amqp:not-allowed", (await peer.ExpectDetachAsync()).Error.Condition);
        await _endpoint.AssertServesOthersAsync();
    }

    [Fact]
    public async Task A_live_event_is_pushed_to_every_receiver_that_waits()
    {
        using var sender = await _endpoint.OpenAsync();
        await sender.BeginAsync();
        await sender.AttachSenderAsync("telemetry/Partitions/0");
        using var receiver = await _endpoint.OpenAsync();
        await receiver.BeginAsync();
        await receiver.AttachReceiverAsync(Receiver, 10, handle: 1);
        await receiver.AttachReceiverAsync(Receiver, 10, handle: 2);
        await sender.TransferAsync(Encoded.Event("now"));

        Assert.Equal("now", Encoded.Body(await receiver.ReceiveAsync()));
        Assert.Equal("now", Encoded.Body(await receiver.ReceiveAsync()));
    }
}
