using Amqp.Framing;
using BuildingMgmt.EventHubsEndpoint.Sending;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Peers;

public sealed class EventsOnTheWireTests : IDisposable
{
    private const string Partition = "telemetry/Partitions/0";
    private const string Receiver = "telemetry/ConsumerGroups/$Default/Partitions/0";

    private readonly LocalEndpoint _endpoint = new();

    public void Dispose() => _endpoint.Dispose();

    public static TheoryData<string, string> Messages => new()
    {
        { "data with a long length", "005375B000000001AA" },
        { "several data sections", "005375A001AA005375A001BB" },
        { "a string value", "005377A10161" },
        { "a value with its descriptor by symbol", "00A311616D71703A616D71702D76616C75653A2A54AA" },
        { "a null value", "00537740" },
        { "an empty list", "00537645" },
        { "an empty list, written long", "005376D00000000400000000" },
        { "properties with trailing nulls", "005373C0050440404040005375A000" },
        { "properties, long form and long strings", "005373D00000000C00000001B1000000036D2D31005375A001AA" },
        { "application properties with an int in its long form", "005374C1090 2A1016B7100000001005375A000".Replace(" ", "", StringComparison.Ordinal) },
        { "a described value in a described value", "00537700531000530154AA" },
        { "a footer", "005375A001AA005378C10100" },
        { "an unknown section", "005375A001AA0053FEA0026869" },
    };

    [Theory]
    [MemberData(nameof(Messages))]
    public async Task What_was_sent_comes_out_byte_for_byte(string what, string hex)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(what);
        var message = Convert.FromHexString(hex);
        using var peer = await _endpoint.OpenAsync();
        await peer.BeginAsync();
        await peer.AttachSenderAsync(Partition);
        await peer.TransferAsync(message);
        byte[] batch = [.. Encoded.Data(message), .. Encoded.Data(message)];
        await peer.TransferAsync(batch, format: EventReader.BatchFormat);
        await peer.AttachReceiverAsync(Receiver, 10);

        for (var i = 0; i < 3; i++)
            Assert.Equal(hex, Convert.ToHexString(Encoded.Rest(await peer.ReceiveAsync())));
    }

    [Fact]
    public async Task A_header_stays_first_and_a_senders_delivery_annotations_end_at_the_hub()
    {
        using var peer = await _endpoint.OpenAsync();
        await peer.BeginAsync();
        await peer.AttachSenderAsync(Partition);
        byte[] header = [0x00, 0x53, 0x70, 0xC0, 0x02, 0x01, 0x41];
        await peer.TransferAsync([.. header, 0x00, 0x53, 0x71, 0xC1, 0x05, 0x02, 0xA3, 0x01, (byte)'d', 0x40, .. Encoded.Event("x")]);
        await peer.AttachReceiverAsync(Receiver, 10);

        var received = await peer.ReceiveAsync();
        Assert.Equal(header, received[..header.Length]);
        Assert.Equal([0x00, 0x53, 0x72], received[header.Length..(header.Length + 3)]);
        Assert.Equal("x", Encoded.Body(received));
    }

    [Fact]
    public async Task A_message_in_many_small_frames_to_and_from_the_hub_is_one_event()
    {
        var message = Encoded.Data(Enumerable.Range(0, 300_000).Select(i => (byte)(i * 31)).ToArray());
        using var peer = await RawPeer.OpenAsync(_endpoint.Port, LocalEndpoint.Key, new Open { ContainerId = "small", MaxFrameSize = 512 });
        await peer.BeginAsync(incomingWindow: 5);
        await peer.AttachSenderAsync(Partition);
        var first = peer.NextTransfer(more: true);
        await peer.WriteAsync(0, first, message[..1000]);
        for (var at = 1000; at < message.Length; at += 7000)
            await peer.WriteAsync(0, new Transfer { Handle = 0, More = at + 7000 < message.Length }, message[at..Math.Min(message.Length, at + 7000)]);
        await peer.ExpectAsync<Dispose>();
        await peer.AttachReceiverAsync(Receiver, 1);

        Assert.Equal(message, Encoded.Rest(await peer.ReceiveAsync()));
    }

    [Fact]
    public async Task Events_are_accepted_with_settled_dispositions_and_only_as_many_come_as_there_is_credit()
    {
        using var peer = await _endpoint.OpenAsync();
        await peer.BeginAsync();
        await peer.AttachSenderAsync(Partition);
        for (var i = 0; i < 5; i++)
        {
            await peer.TransferAsync(Encoded.Event($"{i}"));
            var outcome = await peer.ExpectAsync<Dispose>();
            Assert.IsType<Accepted>(outcome.State);
            Assert.True(outcome.Settled);
        }
        await peer.AttachReceiverAsync(Receiver, 2);
        Assert.Equal("0", Encoded.Body(await peer.ReceiveAsync()));
        Assert.Equal("1", Encoded.Body(await peer.ReceiveAsync()));
        await peer.FlowAsync(1, deliveryCount: 2);
        Assert.Equal("2", Encoded.Body(await peer.ReceiveAsync()));
        await peer.FlowAsync(10, deliveryCount: 3, drain: true);
        Assert.Equal("3", Encoded.Body(await peer.ReceiveAsync()));
        Assert.Equal("4", Encoded.Body(await peer.ReceiveAsync()));
        var drained = await peer.ExpectAsync<Flow>();
        Assert.Equal((13u, 0u), (drained.DeliveryCount, drained.LinkCredit));
        await peer.TransferAsync(Encoded.Event("5"));
        await peer.ExpectAsync<Dispose>();
        await peer.FlowAsync(1, deliveryCount: 13);
        Assert.Equal("5", Encoded.Body(await peer.ReceiveAsync()));
    }

    [Fact]
    public async Task A_receiver_that_settles_itself_gets_unsettled_events()
    {
        using var peer = await _endpoint.OpenAsync();
        await peer.BeginAsync();
        await peer.AttachSenderAsync(Partition);
        await peer.TransferAsync(Encoded.Event("x"));
        await peer.AttachReceiverAsync(Receiver, 1, mode: SenderSettleMode.Unsettled);

        var transfer = await peer.ExpectAsync<Transfer>();
        Assert.False(transfer.Settled);
        await peer.WriteAsync(0, new Dispose { Role = true, First = transfer.DeliveryId, Settled = true, State = new Accepted() });
        await _endpoint.AssertServesOthersAsync();
    }

    [Fact]
    public async Task A_receiver_that_settles_late_gets_a_few_megabytes_ahead_and_the_rest_as_it_settles()
    {
        using var peer = await _endpoint.OpenAsync();
        await peer.BeginAsync();
        await peer.AttachSenderAsync(Partition);
        var large = Encoded.Data(new byte[100_000]);
        for (var i = 0; i < 100; i++)
        {
            await peer.TransferAsync(large);
            await peer.ExpectAsync<Dispose>();
        }
        await peer.AttachReceiverAsync(Receiver, 1_000, mode: SenderSettleMode.Unsettled);

        for (uint i = 0; i < 100; i++)
        {
            Assert.Equal(large, Encoded.Rest(await peer.ReceiveAsync()));
            // Forty of them are allowed ahead.
            if (i >= 30)
                await peer.WriteAsync(0, new Dispose { Role = true, First = i - 30, Settled = true, State = new Accepted() });
        }
    }
}
