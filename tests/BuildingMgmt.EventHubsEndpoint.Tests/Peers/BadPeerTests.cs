using Amqp;
using Amqp.Framing;
using BuildingMgmt.EventHubsEndpoint.Sending;
using BuildingMgmt.EventHubsEndpoint.Transport;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Peers;

/// <summary>Peers that break the rules. Each is refused or closed, and others do not notice.</summary>
public sealed class BadPeerTests
{
    private const string Partition = "telemetry/Partitions/0";
    private const string Receiver = "telemetry/ConsumerGroups/$Default/Partitions/0";

    public static TheoryData<string, byte[]> FirstBytes => new()
    {
        { "HTTP", "GET / HTTP/1.1\r\n\r\n"u8.ToArray() },
        { "AMQP without SASL", RawPeer.AmqpHeader },
        { "AMQP 0.9.1", [.. "AMQP"u8, 0, 0, 9, 1] },
        { "TLS", [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01] },
        { "SASL and then a frame of 2 GB", [.. RawPeer.SaslHeader, 0x7F, 0xFF, 0xFF, 0xFF, 2, 1, 0, 0] },
        { "SASL and then no frame", [.. RawPeer.SaslHeader, 0, 0, 0, 9, 2, 1, 0, 0, 0xFF] },
        { "SASL and then a list that lies about its length", [.. RawPeer.SaslHeader, 0, 0, 0, 16, 2, 1, 0, 0, 0x00, 0x53, 0x41, 0xC0, 0xFF, 0xFF, 0xA3, 0xFF] },
    };

    public static TheoryData<string, byte[]> Frames => new()
    {
        { "a size of 4", [0, 0, 0, 4] },
        { "a size of 2 GB", [0x7F, 0xFF, 0xFF, 0xFF, 2, 0, 0, 0] },
        { "a data offset of 1", [0, 0, 0, 8, 1, 0, 0, 0] },
        { "a SASL frame", [0, 0, 0, 12, 2, 1, 0, 0, 0x00, 0x53, 0x41, 0x45] },
        { "an unknown performative", [0, 0, 0, 12, 2, 0, 0, 0, 0x00, 0x53, 0x7F, 0x45] },
        { "a body that is no performative", [0, 0, 0, 10, 2, 0, 0, 0, 0x54, 0x01] },
        { "a flow on a channel without session", [0, 0, 0, 12, 2, 0, 0, 9, 0x00, 0x53, 0x13, 0x45] },
        { "a transfer on a handle without link", RawPeer.Frame(0, new Transfer { Handle = 77, DeliveryId = 0 }, [1]) },
        { "a transfer without fields", [0, 0, 0, 12, 2, 0, 0, 0, 0x00, 0x53, 0x14, 0x45] },
        { "a begin on a channel in use", RawPeer.Frame(0, new Begin { NextOutgoingId = 0, IncomingWindow = 1, OutgoingWindow = 1 }, null) },
        { "an attach whose handle is beyond all", RawPeer.Frame(0, new Attach { LinkName = "x", Handle = 4_000_000_000, Role = false, Target = new Target { Address = Partition } }, null) },
        { "a list that lies about its count", [0, 0, 0, 20, 2, 0, 0, 0, 0x00, 0x53, 0x12, 0xD0, 0, 0, 0, 8, 0x7F, 0xFF, 0xFF, 0xFF] },
        { "descriptors in descriptors", [0, 0, 1, 0, 2, 0, 0, 0, .. new byte[248]] },
        { "a second open", RawPeer.Frame(0, new Open { ContainerId = "again" }, null) },
    };

    [Theory]
    [MemberData(nameof(FirstBytes))]
    public async Task Who_begins_with_something_else_is_closed(string what, byte[] bytes)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(what);
        using var endpoint = new LocalEndpoint();
        using var peer = await RawPeer.DialAsync(endpoint.Port);
        await peer.WriteAsync(bytes);
        await peer.ExpectEndAsync();
        await endpoint.AssertServesOthersAsync();
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public async Task Who_sends_a_broken_frame_is_closed_and_others_go_on(string what, byte[] frame)
    {
        TestContext.Current.TestOutputHelper?.WriteLine(what);
        using var endpoint = new LocalEndpoint();
        using var peer = await endpoint.OpenAsync();
        await peer.BeginAsync();
        await peer.AttachSenderAsync(Partition);
        await peer.WriteAsync(frame);
        await peer.ExpectClosedAsync();
        await endpoint.AssertServesOthersAsync();
    }

    [Fact]
    public async Task Random_bytes_in_place_of_frames_close_only_their_own_connection()
    {
        using var endpoint = new LocalEndpoint();
        var random = new Random(20_26);
        for (var i = 0; i < 100; i++)
        {
            using var peer = await endpoint.OpenAsync();
            await peer.BeginAsync();
            await peer.AttachSenderAsync(Partition);
            var frame = RawPeer.Frame(0, new Attach { LinkName = "x", Handle = 1, Role = true, Source = new Source { Address = Receiver }, Target = new Target() }, null);
            for (var spoiled = 0; spoiled < 5; spoiled++)
                frame[random.Next(8, frame.Length)] = (byte)random.Next(256);
            await peer.WriteAsync(frame);
        }
        await endpoint.AssertServesOthersAsync();
    }

    [Theory]
    [InlineData(511u)]
    [InlineData(30u)]
    [InlineData(0u)]
    public async Task A_peer_whose_largest_frame_is_too_small_is_refused(uint bytes)
    {
        using var endpoint = new LocalEndpoint();
        using var peer = await RawPeer.DialAsync(endpoint.Port);
        await peer.SaslAsync(LocalEndpoint.Key);
        await peer.WriteAsync(0, new Open { ContainerId = "tiny", MaxFrameSize = bytes });
        Assert.Equal("amqp:frame-size-too-small", await peer.ExpectClosedAsync());
        await endpoint.AssertServesOthersAsync();
    }

    [Fact]
    public async Task A_message_that_is_too_large_takes_its_link_away_and_leaves_the_other_links()
    {
        using var endpoint = new LocalEndpoint();
        using var peer = await endpoint.OpenAsync();
        await peer.BeginAsync();
        await peer.AttachSenderAsync(Partition, handle: 0);
        await peer.AttachSenderAsync("telemetry/Partitions/1", handle: 1);
        var large = Encoded.Data(new byte[1024 * 1024]);
        await peer.WriteAsync(0, peer.NextTransfer(more: true), large[..100_000]);
        for (var at = 100_000; at < large.Length; at += 100_000)
            await peer.WriteAsync(0, new Transfer { Handle = 0, More = at + 100_000 < large.Length }, large[at..Math.Min(large.Length, at + 100_000)]);

        var detach = await peer.ExpectDetachAsync();
        Assert.Equal("amqp:link:message-size-exceeded", detach.Error.Condition);
        await peer.WriteAsync(0, new Detach { Handle = 0, Closed = true });
        await peer.TransferAsync(Encoded.Event("small"), handle: 1);
        Assert.IsType<Accepted>((await peer.ExpectAsync<Dispose>()).State);
        await peer.AttachReceiverAsync(Receiver, 1, handle: 5);
        await peer.AssertNothingComesAsync();
    }

    [Fact]
    public async Task A_delivery_without_end_is_not_gathered_and_an_aborted_one_is_no_event()
    {
        using var endpoint = new LocalEndpoint();
        using var peer = await endpoint.OpenAsync();
        await peer.BeginAsync();
        await peer.AttachSenderAsync(Partition);
        await peer.WriteAsync(0, peer.NextTransfer(more: true), Encoded.Event("half"));
        await peer.WriteAsync(0, new Transfer { Handle = 0, Aborted = true });
        await peer.WriteAsync(0, peer.NextTransfer(more: true), Encoded.Event("half again"));
        await peer.WriteAsync(0, new Transfer { Handle = 0, Aborted = true, More = true });
        await peer.TransferAsync(Encoded.Event("whole"));
        Assert.IsType<Accepted>((await peer.ExpectAsync<Dispose>()).State);
        await peer.AttachReceiverAsync(Receiver, 5);
        Assert.Equal("whole", Encoded.Body(await peer.ReceiveAsync()));

        await peer.WriteAsync(0, peer.NextTransfer(more: true), new byte[100_000]);
        for (var i = 0; i < 12; i++)
            await peer.WriteAsync(0, new Transfer { Handle = 0, More = true }, new byte[100_000]);
        Assert.Equal("amqp:link:message-size-exceeded", (await peer.ExpectDetachAsync()).Error.Condition);
    }

    [Fact]
    public async Task Frames_that_cross_the_end_of_their_session_are_dropped()
    {
        using var endpoint = new LocalEndpoint();
        using var peer = await endpoint.OpenAsync();
        await peer.BeginAsync();
        await peer.AttachSenderAsync(Partition);
        await peer.WriteAsync(0, new End());
        await peer.WriteAsync(0, new Dispose { Role = true, First = 0, Settled = true });
        await peer.ExpectAnyEndAsync();
        await peer.BeginAsync();
        await peer.AttachSenderAsync(Partition);
        await peer.TransferAsync(Encoded.Event("x"));
        Assert.IsType<Accepted>((await peer.ExpectAsync<Dispose>()).State);
    }

    [Fact]
    public async Task Who_sends_more_than_its_credit_loses_the_link()
    {
        using var endpoint = new LocalEndpoint(new PeerLimits { SenderCredit = 10 }, log: new() { Fsync = true });
        using var peer = await endpoint.OpenAsync();
        await peer.BeginAsync();
        await peer.AskForSenderWithoutReadingAsync(Partition);
        // Credit comes back as events are taken, so only what is sent at once can be too much.
        var burst = new List<byte>();
        for (var i = 0; i < 5_000; i++)
            burst.AddRange(RawPeer.Frame(0, peer.NextTransfer(), Encoded.Event("x")));
        await peer.WriteAsync(burst.ToArray());
        await endpoint.AssertServesOthersAsync();
    }

    [Fact]
    public async Task What_is_no_message_is_rejected_and_the_link_goes_on()
    {
        using var endpoint = new LocalEndpoint();
        using var peer = await endpoint.OpenAsync();
        await peer.BeginAsync();
        await peer.AttachSenderAsync(Partition);
        await peer.TransferAsync([1, 2, 3]);
        var rejected = Assert.IsType<Rejected>((await peer.ExpectAsync<Dispose>()).State);
        Assert.Equal("amqp:decode-error", rejected.Error.Condition);
        await peer.TransferAsync(Encoded.Data([1]), format: EventReader.BatchFormat);
        Assert.IsType<Rejected>((await peer.ExpectAsync<Dispose>()).State);
        await peer.TransferAsync(Encoded.Event("good"));
        Assert.IsType<Accepted>((await peer.ExpectAsync<Dispose>()).State);
    }

    [Fact]
    public async Task A_silent_peer_is_closed_and_so_is_one_that_never_opens()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        using var endpoint = new LocalEndpoint(time: time);
        using var silent = await RawPeer.DialAsync(endpoint.Port);
        using var half = await RawPeer.DialAsync(endpoint.Port);
        await half.SaslAsync(LocalEndpoint.Key);
        using var tokenless = await RawPeer.OpenAsync(endpoint.Port, key: null);

        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(1), Task.WhenAll(silent.ExpectEndAsync(), half.ExpectEndAsync()));
        Assert.True(time.GetUtcNow() < DateTimeOffset.UnixEpoch.AddYears(56).AddSeconds(40));
        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(5), tokenless.ExpectClosedAsync());
        await endpoint.AssertServesOthersAsync();
    }

    [Fact]
    public async Task Who_does_not_answer_a_close_is_cut_off()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddYears(56));
        using var endpoint = new LocalEndpoint(time: time);
        using var tokenless = await RawPeer.OpenAsync(endpoint.Port, key: null);
        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(1), tokenless.ExpectClosedAsync());
        await time.AdvanceUntilAsync(TimeSpan.FromSeconds(1), tokenless.ExpectEndAsync());
        await endpoint.AssertServesOthersAsync();
    }

    [Fact]
    public async Task A_flood_of_connections_does_not_shut_out_who_has_a_key()
    {
        using var endpoint = new LocalEndpoint(new PeerLimits { ConnectionsMax = 20 });
        using var old = await endpoint.OpenAsync();
        await old.BeginAsync();
        await old.AttachSenderAsync(Partition);
        var flood = new List<RawPeer>();
        for (var i = 0; i < 60; i++)
            flood.Add(i % 2 == 0 ? await RawPeer.DialAsync(endpoint.Port) : await RawPeer.OpenAsync(endpoint.Port, key: null));

        await endpoint.AssertServesOthersAsync();
        await old.TransferAsync(Encoded.Event("x"));
        Assert.IsType<Accepted>((await old.ExpectAsync<Dispose>()).State);
        flood.ForEach(peer => peer.Dispose());
    }

    [Fact]
    public async Task Who_wants_too_many_sessions_or_links_is_closed()
    {
        using var endpoint = new LocalEndpoint(new PeerLimits { SessionsMax = 5, LinksMax = 10 });
        using var sessions = await endpoint.OpenAsync();
        for (ushort channel = 0; channel < 6; channel++)
            await sessions.WriteAsync(channel, new Begin { NextOutgoingId = 0, IncomingWindow = 1, OutgoingWindow = 1 });
        Assert.Equal("amqp:resource-limit-exceeded", await sessions.ExpectClosedAsync());

        using var links = await endpoint.OpenAsync();
        await links.BeginAsync();
        for (uint handle = 0; handle < 11; handle++)
            await links.WriteAsync(0, new Attach { LinkName = $"{handle}", Handle = handle, Role = false, Source = new Source(), Target = new Target { Address = "nowhere" } });
        Assert.Equal("amqp:resource-limit-exceeded", await links.ExpectClosedAsync());
        await endpoint.AssertServesOthersAsync();
    }

    [Fact]
    public async Task A_receiver_that_never_reads_is_sent_no_more_than_its_share()
    {
        using var endpoint = new LocalEndpoint();
        using var sender = await endpoint.OpenAsync();
        await sender.BeginAsync();
        await sender.AttachSenderAsync(Partition);
        var large = Encoded.Data(new byte[60_000]);
        for (var i = 0; i < 200; i++)
        {
            await sender.TransferAsync(large);
            await sender.ExpectAsync<Dispose>();
        }
        using var unread = await endpoint.OpenAsync();
        await unread.BeginAsync();
        await unread.AttachReceiverAsync(Receiver, uint.MaxValue / 2);
        await endpoint.AssertServesOthersAsync();

        // Once it reads, all of it comes.
        for (var i = 0; i < 200; i++)
            Assert.Equal(large.Length, Encoded.Rest(await unread.ReceiveAsync()).Length);
    }

    [Fact]
    public async Task A_request_that_cannot_be_decoded_or_answered_is_rejected()
    {
        using var endpoint = new LocalEndpoint();
        using var peer = await endpoint.OpenAsync();
        await peer.BeginAsync();
        await peer.AttachSenderAsync("$cbs");
        await peer.TransferAsync([0xFF]);
        Assert.Equal("amqp:decode-error", Assert.IsType<Rejected>((await peer.ExpectAsync<Dispose>()).State).Error.Condition);
        var request = new Message("token") { Properties = new Properties { ReplyTo = "nobody" } };
        var encoded = request.Encode();
        await peer.TransferAsync(encoded.Buffer.AsSpan(encoded.Offset, encoded.Length).ToArray());
        Assert.Equal("amqp:not-found", Assert.IsType<Rejected>((await peer.ExpectAsync<Dispose>()).State).Error.Condition);
    }
}
