using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Azure.Messaging.EventHubs;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>Decodes what came as the payload of a delivery: see <see cref="FrameRewriter"/>.</summary>
internal static class ReceivedPayload
{
    /// <exception cref="AmqpException">It is no message that the library understands.</exception>
    public static Message Decode(Message delivery) => DecodeAll(Bytes(delivery));

    /// <summary>
    /// The event. One that cannot be decoded comes with its encoded bytes for a body and no properties, so that the function can put it
    /// aside with all there is; its place is the next one when even that cannot be read, for numbers have no gaps.
    /// </summary>
    /// <param name="previous">The event before it.</param>
    /// <param name="error">Why it cannot be decoded; null when it could.</param>
    public static EventData ToEvent(Message delivery, EventPlace previous, out Exception? error)
    {
        var bytes = Bytes(delivery);
        try
        {
            error = null;
            var message = DecodeAll(bytes);
            return new EventData(message, EventPlace.Of(message));
        }
        catch (AmqpException e)
        {
            error = e;
            var (leading, undecoded) = DecodeLeading(bytes);
            var place = EventPlace.Of(leading);
            if (place.SequenceNumber == long.MinValue && previous.SequenceNumber != long.MinValue)
                place = new EventPlace(previous.SequenceNumber + 1, null, previous.EnqueuedTime, null);
            return new EventData(new Message { BodySection = new Data { Buffer = undecoded }, MessageAnnotations = leading.MessageAnnotations }, place);
        }
    }

    private static ByteBuffer Bytes(Message delivery)
    {
        if (delivery.BodySection is Data { Buffer: { } whole })
            return View(whole, whole.Offset);
        var pieces = (DataList)delivery.BodySection;
        var length = 0;
        for (var i = 0; i < pieces.Count; i++)
            length += pieces[i].Buffer.Length;
        var joined = new byte[length];
        var at = 0;
        for (var i = 0; i < pieces.Count; i++)
        {
            var piece = pieces[i].Buffer;
            Buffer.BlockCopy(piece.Buffer, piece.Offset, joined, at, piece.Length);
            at += piece.Length;
        }

        return new ByteBuffer(joined, 0, length, length);
    }

    private static ByteBuffer View(ByteBuffer buffer, int start)
    {
        var length = buffer.WritePos - start;
        return new ByteBuffer(buffer.Buffer, start, length, length);
    }

    private static Message DecodeAll(ByteBuffer bytes)
    {
        try
        {
            return Message.Decode(View(bytes, bytes.Offset));
        }
        catch (Exception e) when (e is not AmqpException)
        {
            // The library's decoder meets strange bytes with whatever its code runs into, a cast or an index.
            throw new AmqpException(ErrorCode.DecodeError, $"The message cannot be decoded: {e.Message}");
        }
    }

    // Header and annotations stand before all else, so they are there when something behind them cannot be decoded.
    private static (Message Leading, ByteBuffer Undecoded) DecodeLeading(ByteBuffer bytes)
    {
        var message = new Message();
        var buffer = View(bytes, bytes.Offset);
        var start = buffer.Offset;
        try
        {
            while (buffer.Length > 0)
            {
                switch (Encoder.ReadObject(buffer))
                {
                    case Header or DeliveryAnnotations:
                        break;
                    case MessageAnnotations annotations:
                        message.MessageAnnotations = annotations;
                        break;
                    default:
                        return (message, View(bytes, start));
                }

                start = buffer.Offset;
            }
        }
        catch (Exception)
        {
            // So far and no further; the rest is kept as bytes.
        }

        return (message, View(bytes, start));
    }
}
