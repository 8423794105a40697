using System.Text;
using BuildingMgmt.EventHubsEndpoint.Sending;
using BuildingMgmt.EventHubsEndpoint.Wire;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace BuildingMgmt.EventHubsEndpoint.Tests.Wire;

public sealed class EventBytesTests
{
    [Property(MaxTest = 2_000)]
    public void No_bytes_make_the_reader_throw_or_leave_its_bounds(byte[] bytes, bool asBatch)
    {
        if (!EventReader.TryRead(asBatch ? EventReader.BatchFormat : 0, bytes, out var events, out _, out _))
            return;
        Assert.All(events, e =>
        {
            var target = new byte[e.Length + EventAnnotations.BytesMax];
            var written = EventAnnotations.WriteEvent(target, bytes.AsSpan(e.Start, e.Length), e.Sections, default, 1, 2, 3);
            Assert.InRange(written, 1, target.Length);
        });
    }

    [Property(MaxTest = 2_000)]
    public void Bytes_that_look_like_a_message_never_make_the_reader_throw(int seed)
    {
        // Purely random bytes rarely get past the first section: take a good message and spoil it.
        var random = new Random(seed);
        var bytes = WithEverything([0x01, 0x02, 0x03]);
        for (var i = random.Next(6); i >= 0; i--)
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        No_bytes_make_the_reader_throw_or_leave_its_bounds(bytes[..random.Next(1, bytes.Length + 1)], random.Next(2) == 0);
    }

    [Property]
    public void The_rest_and_the_header_stay_byte_for_byte_and_the_hub_adds_its_annotations(byte[] body, NonNegativeInt number)
    {
        var message = WithEverything(body);
        Assert.True(EventSections.TryRead(message, out var sections));
        var target = new byte[message.Length + EventAnnotations.BytesMax];
        var written = target.AsSpan(0, EventAnnotations.WriteEvent(target, message, sections, "gateway-7"u8, number.Get, 12_345, 1_700_000_000_000));

        Assert.True(EventSections.TryRead(written, out var after));
        Assert.Equal(message[..sections.HeaderEnd], written[..after.HeaderEnd].ToArray());
        Assert.Equal(message[sections.RestStart..], written[after.RestStart..].ToArray());
        var decoded = Amqp.Message.Decode(new Amqp.ByteBuffer(written.ToArray(), 0, after.RestStart, after.RestStart));
        Assert.Null(decoded.DeliveryAnnotations);
        var annotations = decoded.MessageAnnotations.Map;
        Assert.Equal((long)number.Get, annotations[(Amqp.Types.Symbol)"x-opt-sequence-number"]);
        Assert.Equal("12345", annotations[(Amqp.Types.Symbol)"x-opt-offset"]);
        Assert.Equal(new DateTime(2023, 11, 14, 22, 13, 20, DateTimeKind.Utc), annotations[(Amqp.Types.Symbol)"x-opt-enqueued-time"]);
        Assert.Equal("gateway-7", annotations[(Amqp.Types.Symbol)"x-opt-partition-key"]);
        Assert.Equal(7, annotations[(Amqp.Types.Symbol)"x-own"]);
        Assert.Equal(5, annotations.Count);
    }

    [Fact]
    public void A_partition_key_is_found_in_a_batchs_envelope_and_in_a_single_event()
    {
        byte[] annotations =
            [0x00, 0x53, 0x72, 0xC1, 0x1B, 0x02, 0xA3, 0x13, .. "x-opt-partition-key"u8, 0xA1, 0x03, .. "gw1"u8];
        byte[] batch = [.. annotations, .. Encoded.Data(Encoded.Event("a")), .. Encoded.Data(Encoded.Event("b"))];

        Assert.True(EventReader.TryRead(EventReader.BatchFormat, batch, out var events, out var key, out _));
        Assert.Equal("gw1", Encoding.UTF8.GetString(key.Span));
        Assert.Equal(["a", "b"], events.Select(e => Encoded.Body(batch.AsSpan(e.Start, e.Length))));

        byte[] single = [.. annotations, .. Encoded.Event("c")];
        Assert.True(EventReader.TryRead(0, single, out events, out key, out _));
        Assert.Equal("gw1", Encoding.UTF8.GetString(key.Span));
        Assert.Equal(new(0, single.Length, events[0].Sections), Assert.Single(events));
    }

    [Theory]
    [InlineData("", "not a sequence")]
    [InlineData("005375A005", "not a sequence")]
    [InlineData("005377A10161005372C10100", "not a sequence")]
    [InlineData("5375A000", "not a sequence")]
    public void What_is_no_message_is_refused_with_a_reason(string hex, string reason)
    {
        Assert.False(EventReader.TryRead(0, Convert.FromHexString(hex), out _, out _, out var error));
        Assert.Contains(reason, error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_without_events_or_with_a_bad_one_is_refused_whole()
    {
        Assert.False(EventReader.TryRead(EventReader.BatchFormat, new byte[] { 0x00, 0x53, 0x72, 0xC1, 0x01, 0x00 }, out _, out _, out var none));
        Assert.Contains("no event", none, StringComparison.Ordinal);
        byte[] bad = [.. Encoded.Data(Encoded.Event("good")), .. Encoded.Data([0x00, 0x53])];
        Assert.False(EventReader.TryRead(EventReader.BatchFormat, bad, out _, out _, out var second));
        Assert.Contains("Event 1", second, StringComparison.Ordinal);
    }

    [Fact]
    public void Thousands_of_nested_descriptors_are_no_message_and_no_stack_overflow()
    {
        var nested = Enumerable.Repeat((byte)0, 500_000).ToArray();
        Assert.False(EventReader.TryRead(0, nested, out _, out _, out _));
    }

    /// <summary>All sections, with delivery annotations, wide and narrow forms, a descriptor by symbol, nulls and an own annotation.</summary>
    private static byte[] WithEverything(byte[] body) =>
    [
        0x00, 0x53, 0x70, 0xC0, 0x03, 0x02, 0x41, 0x40,
        0x00, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x71, 0xD1, 0, 0, 0, 0x0C, 0, 0, 0, 0x02, 0xA3, 0x01, (byte)'d', 0x71, 0, 0, 0, 9,
        0x00, 0x53, 0x72, 0xC1, 0x22, 0x04,
        0xA3, 0x05, .. "x-own"u8, 0x54, 0x07,
        0xA3, 0x15, .. "x-opt-sequence-number"u8, 0x44,
        0x00, 0xB3, 0, 0, 0, 0x14, .. "amqp:properties:list"u8, 0xD0, 0, 0, 0, 0x06, 0, 0, 0, 0x02, 0x40, 0x40,
        0x00, 0x53, 0x74, 0xC1, 0x08, 0x02, 0xB1, 0, 0, 0, 0x01, (byte)'k', 0x45,
        .. Encoded.Data(body), .. Encoded.Data(body), 0x00, 0x53, 0x78, 0xC1, 0x01, 0x00,
    ];
}
