using System.Runtime.InteropServices;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Azure.Core.Amqp;
using Azure.Messaging.EventHubs;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>Turns events into AMQP messages.</summary>
internal static class EventEncoder
{
    // Bytes that a data section adds to the encoded message inside: descriptor, format code, and a length of 1 or 4 bytes.
    private const int SmallSectionOverhead = 5;
    private const int LargeSectionOverhead = 8;

    /// <summary>The event as one message; its body is not copied before it is written to the wire.</summary>
    public static Message ToMessage(EventData eventData, string? partitionKey) =>
        ToMessage(eventData.GetRawAmqpMessage(), partitionKey);

    /// <summary>An event's message as the library has it.</summary>
    public static Message ToMessage(AmqpAnnotatedMessage source, string? partitionKey)
    {
        var message = new Message { BodySection = Body(source.Body) };
        if (source.HasSection(AmqpMessageSection.Header))
            message.Header = Header(source.Header);
        if (source.HasSection(AmqpMessageSection.Properties))
            message.Properties = Properties(source.Properties);
        if (source.HasSection(AmqpMessageSection.ApplicationProperties))
        {
            message.ApplicationProperties = new ApplicationProperties();
            foreach (var (name, value) in source.ApplicationProperties)
                message.ApplicationProperties[name] = Value(name, value);
        }

        if (source.HasSection(AmqpMessageSection.MessageAnnotations))
        {
            message.MessageAnnotations = new MessageAnnotations();
            foreach (var (name, value) in source.MessageAnnotations)
                message.MessageAnnotations[new Symbol(name)] = Value(name, value);
        }

        if (partitionKey is not null)
            (message.MessageAnnotations ??= new MessageAnnotations())[AmqpNames.PartitionKey] = partitionKey;
        return message;
    }

    /// <summary>Encoded events as one message, all or none.</summary>
    public static Message ToBatch(IReadOnlyList<ByteBuffer> encodedEvents, string? partitionKey)
    {
        var body = new DataList();
        foreach (var encoded in encodedEvents)
        {
            // A view of its own: writing a buffer to the wire uses it up, and a batch may have to be sent again.
            body.Add(new Data { Buffer = View(encoded.Buffer, encoded.Offset, encoded.Length) });
        }

        var message = new Message { BodySection = body, Format = AmqpNames.BatchedMessageFormat };
        if (partitionKey is not null)
            message.MessageAnnotations = new MessageAnnotations { [AmqpNames.PartitionKey] = partitionKey };
        return message;
    }

    /// <summary>Bytes of a batch's message before its first event.</summary>
    public static int EnvelopeSize(string? partitionKey) =>
        partitionKey is null ? 0 : new Message
        {
            MessageAnnotations = new MessageAnnotations { [AmqpNames.PartitionKey] = partitionKey },
            BodySection = new Data { Binary = [] },
        }.Encode().Length;

    /// <summary>Bytes that an encoded event takes in a batch's message.</summary>
    public static int SizeInBatch(int encodedLength) =>
        encodedLength + (encodedLength <= byte.MaxValue ? SmallSectionOverhead : LargeSectionOverhead);

    private static Data Body(AmqpMessageBody body)
    {
        if (!body.TryGetData(out var pieces))
            throw new NotSupportedException($"Event Hubs takes bodies of data; this event's body is of type \"{body.BodyType}\".");
        var bytes = body.SingleData();
        return MemoryMarshal.TryGetArray(bytes, out var array)
            ? new Data { Buffer = View(array.Array!, array.Offset, array.Count) }
            : new Data { Binary = bytes.ToArray() };
    }

    private static ByteBuffer View(byte[] array, int offset, int count) => new(array, offset, count, count);

    private static Header Header(AmqpMessageHeader source)
    {
        var header = new Header();
        if (source.Durable is { } durable)
            header.Durable = durable;
        if (source.Priority is { } priority)
            header.Priority = priority;
        if (source.TimeToLive is { } timeToLive)
            header.Ttl = (uint)Math.Min(timeToLive.TotalMilliseconds, uint.MaxValue);
        return header;
    }

    private static Properties Properties(AmqpMessageProperties source)
    {
        var properties = new Properties
        {
            UserId = source.UserId?.ToArray(),
            To = source.To?.ToString(),
            Subject = source.Subject,
            ReplyTo = source.ReplyTo?.ToString(),
            GroupId = source.GroupId,
            ReplyToGroupId = source.ReplyToGroupId,
        };
        if (source.MessageId is { } messageId)
            properties.MessageId = messageId.ToString();
        if (source.CorrelationId is { } correlationId)
            properties.CorrelationId = correlationId.ToString();
        if (source.ContentType is { } contentType)
            properties.ContentType = new Symbol(contentType);
        if (source.ContentEncoding is { } contentEncoding)
            properties.ContentEncoding = new Symbol(contentEncoding);
        if (source.AbsoluteExpiryTime is { } expires)
            properties.AbsoluteExpiryTime = expires.UtcDateTime;
        if (source.CreationTime is { } created)
            properties.CreationTime = created.UtcDateTime;
        if (source.GroupSequence is { } sequence)
            properties.GroupSequence = sequence;
        return properties;
    }

    private static object? Value(string name, object? value) => value switch
    {
        null or string or bool or byte or sbyte or short or ushort or int or uint or long or ulong or float or double
            or char or Guid or byte[] => value,
        DateTimeOffset time => time.UtcDateTime,
        DateTime time => time.ToUniversalTime(),
        TimeSpan span => span.Ticks,
        Uri uri => uri.AbsoluteUri,
        ReadOnlyMemory<byte> bytes => bytes.ToArray(),
        _ => throw new System.Runtime.Serialization.SerializationException(
            $"Property \"{name}\" of an event is a \"{value.GetType()}\", which AMQP has no type for. Use text, a number, a time or bytes."),
    };
}
