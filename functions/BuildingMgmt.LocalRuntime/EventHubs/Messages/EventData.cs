// The real assembly has no nullable annotations.
#nullable disable

using Azure.Core;
using Azure.Core.Amqp;
using BuildingMgmt.LocalRuntime.EventHubs;

namespace Azure.Messaging.EventHubs;

/// <summary>One event: a body of bytes and what is told about it.</summary>
public class EventData : MessageContent
{
    private readonly AmqpAnnotatedMessage _message;
    private readonly EventPlace _place;
    private IReadOnlyDictionary<string, object> _systemProperties;

    /// <summary>An event with an empty body.</summary>
    public EventData()
        : this(ReadOnlyMemory<byte>.Empty)
    {
    }

    /// <summary>An event with the given body; the bytes are not copied.</summary>
    public EventData(ReadOnlyMemory<byte> eventBody)
        : this(new AmqpAnnotatedMessage(AmqpMessageBody.FromData([eventBody])))
    {
    }

    /// <summary>An event with the given body; the bytes are not copied.</summary>
    public EventData(BinaryData eventBody)
        : this(eventBody.ToMemory())
    {
    }

    /// <summary>An event whose body is the text in UTF-8.</summary>
    public EventData(string eventBody)
        : this(new BinaryData(eventBody))
    {
    }

    /// <summary>An event around a message.</summary>
    public EventData(AmqpAnnotatedMessage amqpMessage)
    {
        ArgumentNullException.ThrowIfNull(amqpMessage);
        _message = amqpMessage;
        _place = EventPlace.None;
    }

    internal EventData(AmqpMessage received, EventPlace place)
    {
        _message = new AmqpAnnotatedMessage(received);
        _place = place;
    }

    /// <summary>The body.</summary>
    public ReadOnlyMemory<byte> Body => _message.Body.SingleData();

    /// <summary>The body.</summary>
    public BinaryData EventBody
    {
        get => BinaryData.FromBytes(Body);
        set => _message.Body = AmqpMessageBody.FromData([value.ToMemory()]);
    }

    /// <summary>The body as a stream that cannot be written.</summary>
    public Stream BodyAsStream => EventBody.ToStream();

    /// <inheritdoc/>
    public override BinaryData Data
    {
        get => EventBody;
        set => EventBody = value;
    }

    /// <summary>MIME type of the body.</summary>
    public new string ContentType
    {
        get => _message.Properties.ContentType;
        set => _message.Properties.ContentType = value;
    }

    /// <inheritdoc/>
    protected override ContentType? ContentTypeCore
    {
        get => ContentType is { } type ? new ContentType(type) : null;
        set => ContentType = value?.ToString();
    }

    /// <inheritdoc/>
    public override bool IsReadOnly => false;

    /// <summary>Id given by the sender.</summary>
    public string MessageId
    {
        get => _message.Properties.MessageId?.ToString();
        set => _message.Properties.MessageId = value is null ? null : new AmqpMessageId(value);
    }

    /// <summary>Id of what the event belongs to.</summary>
    public string CorrelationId
    {
        get => _message.Properties.CorrelationId?.ToString();
        set => _message.Properties.CorrelationId = value is null ? null : new AmqpMessageId(value);
    }

    /// <summary>The sender's own properties.</summary>
    public IDictionary<string, object> Properties => _message.ApplicationProperties;

    /// <summary>Annotations and standard properties under their AMQP names.</summary>
    public IReadOnlyDictionary<string, object> SystemProperties =>
        _systemProperties ??= ReceivedSections.SystemProperties(_message);

    /// <summary>Place in the partition, without gaps; <see cref="long.MinValue"/> in an event that was not received.</summary>
    public long SequenceNumber => _place.SequenceNumber;

    /// <summary>Place in the partition's log; null in an event that was not received.</summary>
    public string OffsetString => _place.Offset;

    /// <summary>When the hub took it, UTC.</summary>
    public DateTimeOffset EnqueuedTime => _place.EnqueuedTime;

    /// <summary>Events of one key share a partition; null when the sender gave none.</summary>
    public string PartitionKey => _place.PartitionKey;

    internal EventPlace Place => _place;

    internal int BodyLength => _message.Body.TryGetData(out _) ? Body.Length : 0;

    /// <summary>The message that carries the event.</summary>
    public AmqpAnnotatedMessage GetRawAmqpMessage() => _message;

    /// <inheritdoc/>
    public override bool Equals(object obj) => base.Equals(obj);

    /// <inheritdoc/>
    public override int GetHashCode() => base.GetHashCode();

    /// <inheritdoc/>
    public override string ToString() => base.ToString();
}
