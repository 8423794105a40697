using BuildingMgmt.LocalRuntime.EventHubs;

namespace Azure.Core.Amqp;

/// <summary>An AMQP 1.0 message by sections. A received one is converted section by section, when asked for.</summary>
public class AmqpAnnotatedMessage
{
    private readonly AmqpMessage? _received;
    private AmqpMessageBody? _body;
    private AmqpMessageHeader? _header;
    private AmqpMessageProperties? _properties;
    private IDictionary<string, object?>? _applicationProperties;
    private IDictionary<string, object?>? _messageAnnotations;
    private IDictionary<string, object?>? _deliveryAnnotations;
    private IDictionary<string, object?>? _footer;

    /// <summary>A new message with a body.</summary>
    public AmqpAnnotatedMessage(AmqpMessageBody body)
    {
        ArgumentNullException.ThrowIfNull(body);
        _body = body;
    }

    internal AmqpAnnotatedMessage(AmqpMessage received) => _received = received;

    /// <summary>The body.</summary>
    public AmqpMessageBody Body
    {
        get => _body ??= ReceivedSections.Body(_received!);
        set => _body = value;
    }

    /// <summary>Delivery instructions.</summary>
    public AmqpMessageHeader Header => _header ??= ReceivedSections.Header(_received);

    /// <summary>Standard properties, such as content type and content encoding.</summary>
    public AmqpMessageProperties Properties => _properties ??= ReceivedSections.Properties(_received);

    /// <summary>The sender's own properties.</summary>
    public IDictionary<string, object?> ApplicationProperties =>
        _applicationProperties ??= ReceivedSections.ApplicationProperties(_received);

    /// <summary>Annotations that travel with the message, such as <c>x-opt-sequence-number</c>.</summary>
    public IDictionary<string, object?> MessageAnnotations =>
        _messageAnnotations ??= ReceivedSections.Annotations(_received?.MessageAnnotations);

    /// <summary>Annotations for the next hop.</summary>
    public IDictionary<string, object?> DeliveryAnnotations =>
        _deliveryAnnotations ??= ReceivedSections.Annotations(_received?.DeliveryAnnotations);

    /// <summary>What stands behind the body.</summary>
    public IDictionary<string, object?> Footer => _footer ??= ReceivedSections.Annotations(_received?.Footer);

    /// <summary>The message, encoded.</summary>
    public BinaryData ToBytes()
    {
        var encoded = (_received ?? EventEncoder.ToMessage(this, partitionKey: null)).Encode();
        return new BinaryData(encoded.Buffer.AsMemory(encoded.Offset, encoded.Length));
    }

    /// <summary>Whether a section holds anything.</summary>
    public bool HasSection(AmqpMessageSection section) => section switch
    {
        AmqpMessageSection.Body => true,
        AmqpMessageSection.Header => _header is not null || _received?.Header is not null,
        AmqpMessageSection.Properties => _properties is not null || _received?.Properties is not null,
        AmqpMessageSection.ApplicationProperties => ApplicationProperties.Count > 0,
        AmqpMessageSection.MessageAnnotations => MessageAnnotations.Count > 0,
        AmqpMessageSection.DeliveryAnnotations => DeliveryAnnotations.Count > 0,
        AmqpMessageSection.Footer => Footer.Count > 0,
        _ => throw new ArgumentException($"\"{section}\" is no section of an AMQP message.", nameof(section)),
    };
}

/// <summary>The sections of an AMQP 1.0 message.</summary>
public enum AmqpMessageSection
{
    /// <summary>Delivery instructions.</summary>
    Header,

    /// <summary>Annotations for the next hop.</summary>
    DeliveryAnnotations,

    /// <summary>Annotations that travel with the message.</summary>
    MessageAnnotations,

    /// <summary>Standard properties.</summary>
    Properties,

    /// <summary>The sender's own properties.</summary>
    ApplicationProperties,

    /// <summary>The body.</summary>
    Body,

    /// <summary>What stands behind the body.</summary>
    Footer,
}

/// <summary>Delivery instructions of an AMQP message.</summary>
public class AmqpMessageHeader
{
    internal AmqpMessageHeader()
    {
    }

    /// <summary>Unsuccessful deliveries before this one.</summary>
    public uint? DeliveryCount { get; set; }

    /// <summary>Whether the message must survive a restart.</summary>
    public bool? Durable { get; set; }

    /// <summary>Whether nobody else has acquired the message before.</summary>
    public bool? FirstAcquirer { get; set; }

    /// <summary>Relative priority; 4 is the default.</summary>
    public byte? Priority { get; set; }

    /// <summary>How long the message is worth anything.</summary>
    public TimeSpan? TimeToLive { get; set; }
}

/// <summary>Standard properties of an AMQP message.</summary>
public class AmqpMessageProperties
{
    internal AmqpMessageProperties()
    {
    }

    /// <summary>When the message is worth nothing any more.</summary>
    public DateTimeOffset? AbsoluteExpiryTime { get; set; }

    /// <summary>Encoding of the body, such as <c>gzip</c>.</summary>
    public string? ContentEncoding { get; set; }

    /// <summary>MIME type of the body.</summary>
    public string? ContentType { get; set; }

    /// <summary>Ties the message to another.</summary>
    public AmqpMessageId? CorrelationId { get; set; }

    /// <summary>When the sender made it.</summary>
    public DateTimeOffset? CreationTime { get; set; }

    /// <summary>The group it belongs to.</summary>
    public string? GroupId { get; set; }

    /// <summary>Its place in the group.</summary>
    public uint? GroupSequence { get; set; }

    /// <summary>Its id.</summary>
    public AmqpMessageId? MessageId { get; set; }

    /// <summary>Where answers go.</summary>
    public AmqpAddress? ReplyTo { get; set; }

    /// <summary>The group that answers belong to.</summary>
    public string? ReplyToGroupId { get; set; }

    /// <summary>What it is about.</summary>
    public string? Subject { get; set; }

    /// <summary>Where it goes.</summary>
    public AmqpAddress? To { get; set; }

    /// <summary>Who made it.</summary>
    public ReadOnlyMemory<byte>? UserId { get; set; }
}
