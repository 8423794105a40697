using System.Buffers.Binary;
using System.Text;
using BuildingMgmt.EventHubsEndpoint.Log;
using BuildingMgmt.EventHubsEndpoint.Wire;

namespace BuildingMgmt.EventHubsEndpoint.Tests;

/// <summary>AMQP messages written byte by byte, so that a test and not a codec decides how they are encoded.</summary>
internal static class Encoded
{
    /// <summary>A message that is one data section.</summary>
    public static byte[] Event(string body) => Data(Encoding.UTF8.GetBytes(body));

    public static byte[] Data(ReadOnlySpan<byte> body) => [0x00, 0x53, 0x75, .. Binary(body)];

    public static byte[] Binary(ReadOnlySpan<byte> bytes) =>
        bytes.Length < 256 ? [0xA0, (byte)bytes.Length, .. bytes] : [0xB0, .. BigEndian(bytes.Length), .. bytes];

    /// <summary>The body of a message that <see cref="Event"/> made, as a receiver gets it.</summary>
    public static string Body(ReadOnlySpan<byte> message)
    {
        Assert.True(EventSections.TryRead(message, out var sections));
        var reader = new AmqpReader(message[sections.RestStart..]);
        reader.ReadDescriptor();
        Assert.True(reader.TryReadBinary(out var body));
        return Encoding.UTF8.GetString(body);
    }

    /// <summary>All that the sender wrote behind the annotations, as a receiver gets it.</summary>
    public static byte[] Rest(ReadOnlySpan<byte> message)
    {
        Assert.True(EventSections.TryRead(message, out var sections));
        return message[sections.RestStart..].ToArray();
    }

    public static long SequenceNumber(byte[] message)
    {
        Assert.True(EventSections.TryRead(message, out var sections));
        var head = Amqp.Message.Decode(new Amqp.ByteBuffer(message, 0, sections.RestStart, sections.RestStart));
        return (long)head.MessageAnnotations.Map[new Amqp.Types.Symbol("x-opt-sequence-number")];
    }

    public static byte[] BigEndian(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    /// <summary>Messages as one append, whose outcome can be awaited: null, or the reason of the rejection.</summary>
    public static AwaitedAppend Append(params IEnumerable<byte[]> messages)
    {
        var payload = new List<byte>();
        var events = new List<PendingEvent>();
        foreach (var message in messages)
        {
            Assert.True(EventSections.TryRead(message, out var sections));
            events.Add(new PendingEvent(payload.Count, message.Length, sections));
            payload.AddRange(message);
        }
        return new AwaitedAppend { Payload = payload.ToArray(), Events = events };
    }
}

internal sealed class AwaitedAppend : PendingAppend
{
    private readonly TaskCompletionSource<string?> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<string?> Outcome => _outcome.Task;

    public override void OnAccepted() => _outcome.SetResult(null);

    public override void OnRejected(string reason) => _outcome.SetResult(reason);
}
