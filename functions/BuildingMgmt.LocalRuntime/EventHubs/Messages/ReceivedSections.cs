using Azure.Core.Amqp;
using System.Collections.ObjectModel;
using Amqp.Framing;
using Amqp.Types;


namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>Turns sections of a received message into the shapes of the public API, each when it is asked for.</summary>
internal static class ReceivedSections
{
    public static AmqpMessageBody Body(AmqpMessage message)
    {
        switch (message.BodySection)
        {
            case Data data:
                return AmqpMessageBody.FromData([Memory(data)]);
            case DataList list:
                var pieces = new ReadOnlyMemory<byte>[list.Count];
                for (var i = 0; i < pieces.Length; i++)
                    pieces[i] = Memory(list[i]);
                return AmqpMessageBody.FromData(pieces);
            case AmqpValue value:
                return AmqpMessageBody.FromValue(value.Value);
            case AmqpSequence sequence:
                return AmqpMessageBody.FromSequence([[.. sequence.List.Cast<object>()]]);
            default:
                return AmqpMessageBody.FromData([ReadOnlyMemory<byte>.Empty]);
        }
    }

    /// <summary>The bytes of a body; several pieces are joined, as the real client does.</summary>
    public static ReadOnlyMemory<byte> SingleData(this AmqpMessageBody body)
    {
        if (!body.TryGetData(out var data))
            throw new NotSupportedException(
                $"The event's body is of type \"{body.BodyType}\", not data. Read it by GetRawAmqpMessage().Body.");
        if (data is ReadOnlyMemory<byte>[] { Length: 1 } one)
            return one[0];

        var joined = new MemoryStream();
        foreach (var piece in data)
            joined.Write(piece.Span);
        return joined.GetBuffer().AsMemory(0, (int)joined.Length);
    }

    public static AmqpMessageHeader Header(AmqpMessage? message)
    {
        var header = new AmqpMessageHeader();
        if (message?.Header is not { } received)
            return header;
        header.Durable = received.HasField(0) ? received.Durable : null;
        header.Priority = received.HasField(1) ? received.Priority : null;
        header.TimeToLive = received.HasField(2) ? TimeSpan.FromMilliseconds(received.Ttl) : null;
        header.FirstAcquirer = received.HasField(3) ? received.FirstAcquirer : null;
        header.DeliveryCount = received.HasField(4) ? received.DeliveryCount : null;
        return header;
    }

    public static AmqpMessageProperties Properties(AmqpMessage? message)
    {
        var properties = new AmqpMessageProperties();
        if (message?.Properties is not { } received)
            return properties;
        properties.MessageId = Id(received.GetMessageId());
        properties.UserId = received.UserId is { } userId ? userId : null;
        properties.To = Address(received.To);
        properties.Subject = received.Subject;
        properties.ReplyTo = Address(received.ReplyTo);
        properties.CorrelationId = Id(received.GetCorrelationId());
        properties.ContentType = received.ContentType?.ToString();
        properties.ContentEncoding = received.ContentEncoding?.ToString();
        properties.AbsoluteExpiryTime = received.HasField(8) ? Utc(received.AbsoluteExpiryTime) : null;
        properties.CreationTime = received.HasField(9) ? Utc(received.CreationTime) : null;
        properties.GroupId = received.GroupId;
        properties.GroupSequence = received.HasField(11) ? received.GroupSequence : null;
        properties.ReplyToGroupId = received.ReplyToGroupId;
        return properties;
    }

    public static IDictionary<string, object?> ApplicationProperties(AmqpMessage? message) => Entries(message?.ApplicationProperties?.Map);

    public static IDictionary<string, object?> Annotations(DescribedMap? section) => Entries(section?.Map);

    /// <summary>Message annotations and those standard properties that are set, as the real client names them.</summary>
    public static IReadOnlyDictionary<string, object> SystemProperties(AmqpAnnotatedMessage message)
    {
        var all = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (var (name, value) in message.MessageAnnotations)
        {
            if (value is not null)
                all[name] = value;
        }

        var properties = message.Properties;
        Add("message-id", properties.MessageId);
        Add("user-id", properties.UserId);
        Add("to", properties.To);
        Add("subject", properties.Subject);
        Add("reply-to", properties.ReplyTo);
        Add("correlation-id", properties.CorrelationId);
        Add("content-type", properties.ContentType);
        Add("content-encoding", properties.ContentEncoding);
        Add("absolute-expiry-time", properties.AbsoluteExpiryTime);
        Add("creation-time", properties.CreationTime);
        Add("group-id", properties.GroupId);
        Add("group-sequence", properties.GroupSequence);
        Add("reply-to-group-id", properties.ReplyToGroupId);
        return new ReadOnlyDictionary<string, object>(all);

        void Add(string name, object? value)
        {
            if (value is not null)
                all[name] = value;
        }
    }

    private static ReadOnlyMemory<byte> Memory(Data data) =>
        data.Buffer is { } buffer ? buffer.Buffer.AsMemory(buffer.Offset, buffer.Length) : data.Binary;

    private static Dictionary<string, object?> Entries(Map? map)
    {
        var entries = new Dictionary<string, object?>(map?.Count ?? 0, StringComparer.Ordinal);
        if (map is null)
            return entries;
        foreach (var (key, value) in map)
        {
            entries[key.ToString() ?? ""] = value switch
            {
                Symbol symbol => symbol.ToString(),
                DateTime time => Utc(time),
                _ => value,
            };
        }

        return entries;
    }

    private static DateTimeOffset Utc(DateTime time) => new(DateTime.SpecifyKind(time, DateTimeKind.Utc));

    private static AmqpMessageId? Id(object? id) => id?.ToString() is { } text ? new AmqpMessageId(text) : null;

    private static AmqpAddress? Address(string? address) => address is null ? null : new AmqpAddress(address);
}
