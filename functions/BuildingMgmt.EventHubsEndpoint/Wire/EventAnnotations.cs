using System.Buffers.Binary;
using System.Buffers.Text;

namespace BuildingMgmt.EventHubsEndpoint.Wire;

/// <summary>Writes the annotations that the hub adds to an event, as encoded AMQP.</summary>
internal static class EventAnnotations
{
    private static ReadOnlySpan<byte> SequenceNumber => "x-opt-sequence-number"u8;
    private static ReadOnlySpan<byte> Offset => "x-opt-offset"u8;
    private static ReadOnlySpan<byte> EnqueuedTime => "x-opt-enqueued-time"u8;
    private static ReadOnlySpan<byte> PartitionKey => "x-opt-partition-key"u8;

    /// <summary>Longest partition key, in UTF-8 bytes. The service takes 128 characters.</summary>
    public const int PartitionKeyBytesMax = 512;

    /// <summary>The hub's own annotations never take more than this, beside those that the sender set.</summary>
    public const int BytesMax = 160 + PartitionKeyBytesMax;

    /// <summary>The partition key among a message's annotations; empty when there is none.</summary>
    public static ReadOnlySpan<byte> FindPartitionKey(ReadOnlySpan<byte> message, in EventSections sections)
    {
        var reader = new AmqpReader(message[sections.AnnotationsStart..sections.AnnotationsEnd]);
        while (!reader.AtEnd)
        {
            if (!reader.TryReadText(out var name))
                reader.Skip();
            if (name.SequenceEqual(PartitionKey) && reader.TryReadText(out var key))
                return key;
            reader.Skip();
        }
        return default;
    }

    /// <summary>
    /// Writes <paramref name="message"/> as receivers will get it: header as sent, message annotations with the hub's own added,
    /// the rest as sent. The sender's delivery annotations end here, as AMQP says.
    /// </summary>
    /// <param name="partitionKey">Key of the batch that carried the event; empty leaves the event's own, if any.</param>
    /// <returns>Bytes written to <paramref name="target"/>, at most the message and <see cref="BytesMax"/>.</returns>
    public static int WriteEvent(
        Span<byte> target, ReadOnlySpan<byte> message, in EventSections sections, ReadOnlySpan<byte> partitionKey,
        long sequenceNumber, long offset, long enqueuedTimeMs)
    {
        message[..sections.HeaderEnd].CopyTo(target);
        var at = sections.HeaderEnd;

        target[at++] = 0x00;
        target[at++] = 0x53;
        target[at++] = (byte)Descriptors.MessageAnnotations;
        target[at++] = 0xD1;
        var sizeAt = at;
        at += 8;
        var items = 6;

        at += WriteSymbol(target[at..], SequenceNumber);
        at += WriteLong(target[at..], 0x81, sequenceNumber);
        at += WriteSymbol(target[at..], Offset);
        at += WriteDecimal(target[at..], offset);
        at += WriteSymbol(target[at..], EnqueuedTime);
        at += WriteLong(target[at..], 0x83, enqueuedTimeMs);
        if (!partitionKey.IsEmpty)
        {
            at += WriteSymbol(target[at..], PartitionKey);
            at += WriteString(target[at..], partitionKey);
            items += 2;
        }

        var own = message[sections.AnnotationsStart..sections.AnnotationsEnd];
        var reader = new AmqpReader(own);
        while (!reader.AtEnd)
        {
            var start = reader.Position;
            if (!reader.TryReadText(out var name))
                reader.Skip();
            reader.Skip();
            if (IsSetByTheHub(name, !partitionKey.IsEmpty))
                continue;
            own[start..reader.Position].CopyTo(target[at..]);
            at += reader.Position - start;
            items += 2;
        }

        BinaryPrimitives.WriteInt32BigEndian(target[sizeAt..], at - sizeAt - 4);
        BinaryPrimitives.WriteInt32BigEndian(target[(sizeAt + 4)..], items);
        message[sections.RestStart..].CopyTo(target[at..]);
        return at + message.Length - sections.RestStart;
    }

    private static bool IsSetByTheHub(ReadOnlySpan<byte> name, bool partitionKeyGiven) =>
        name.SequenceEqual(SequenceNumber) || name.SequenceEqual(Offset) || name.SequenceEqual(EnqueuedTime)
        || (partitionKeyGiven && name.SequenceEqual(PartitionKey));

    private static int WriteSymbol(Span<byte> target, ReadOnlySpan<byte> name)
    {
        target[0] = 0xA3;
        target[1] = (byte)name.Length;
        name.CopyTo(target[2..]);
        return 2 + name.Length;
    }

    private static int WriteLong(Span<byte> target, byte code, long value)
    {
        target[0] = code;
        BinaryPrimitives.WriteInt64BigEndian(target[1..], value);
        return 9;
    }

    private static int WriteDecimal(Span<byte> target, long value)
    {
        target[0] = 0xA1;
        Utf8Formatter.TryFormat(value, target[2..], out var written);
        target[1] = (byte)written;
        return 2 + written;
    }

    private static int WriteString(Span<byte> target, ReadOnlySpan<byte> utf8)
    {
        if (utf8.Length <= byte.MaxValue)
        {
            target[0] = 0xA1;
            target[1] = (byte)utf8.Length;
            utf8.CopyTo(target[2..]);
            return 2 + utf8.Length;
        }
        target[0] = 0xB1;
        BinaryPrimitives.WriteInt32BigEndian(target[1..], utf8.Length);
        utf8.CopyTo(target[5..]);
        return 5 + utf8.Length;
    }
}
