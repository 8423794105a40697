using Amqp;
using Amqp.Framing;
using Azure.Core.Amqp;

namespace BuildingMgmt.LocalRuntime.Tests.EventHubs;

public sealed class AmqpBodyTests
{
    [Fact]
    public void Received_sequence_is_no_data_and_its_message_can_be_kept_as_bytes()
    {
        var sent = new Message { BodySection = new AmqpSequence { List = new Amqp.Types.List { 1, "two" } } };

        var received = new AmqpAnnotatedMessage(Message.Decode(sent.Encode()));

        Assert.Equal(AmqpMessageBodyType.Sequence, received.Body.BodyType);
        Assert.True(received.Body.TryGetSequence(out var lists));
        Assert.Equal([1, "two"], Assert.Single(lists));
        var kept = received.ToBytes().ToArray();
        var again = new AmqpAnnotatedMessage(Message.Decode(new ByteBuffer(kept, 0, kept.Length, kept.Length)));
        Assert.Equal(AmqpMessageBodyType.Sequence, again.Body.BodyType);
    }
}
