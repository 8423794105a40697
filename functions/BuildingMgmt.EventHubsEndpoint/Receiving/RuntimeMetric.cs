using Amqp;
using Amqp.Framing;
using Amqp.Types;
using BuildingMgmt.EventHubsEndpoint.Log;
using BuildingMgmt.EventHubsEndpoint.Wire;

namespace BuildingMgmt.EventHubsEndpoint.Receiving;

/// <summary>Tells a receiver with each event how far the partition has come, so that it knows its lag without asking.</summary>
internal static class RuntimeMetric
{
    public const string Capability = "com.microsoft:enable-receiver-runtime-metric";

    /// <summary>The message with the metric as delivery annotations, which stand behind its header.</summary>
    public static ArraySegment<byte> AddTo(ArraySegment<byte> message, LogEnd end, DateTimeOffset now)
    {
        var annotations = new DeliveryAnnotations
        {
            [new Symbol("last_enqueued_sequence_number")] = end.NextSequenceNumber - 1,
            [new Symbol("last_enqueued_offset")] = end.LastOffsetText,
            [new Symbol("last_enqueued_time_utc")] = DateTimeOffset.FromUnixTimeMilliseconds(end.LastTimeMs).UtcDateTime,
            [new Symbol("runtime_info_retrieval_time_utc")] = now.UtcDateTime,
        };
        var encoded = new ByteBuffer(256, autoGrow: true);
        annotations.Encode(encoded);

        var reader = new AmqpReader(message);
        var headerEnd = 0;
        if (reader.ReadDescriptor() == Descriptors.Header)
        {
            reader.Skip();
            headerEnd = reader.Position;
        }
        var whole = new byte[message.Count + encoded.Length];
        message.AsSpan(0, headerEnd).CopyTo(whole);
        encoded.Buffer.AsSpan(encoded.Offset, encoded.Length).CopyTo(whole.AsSpan(headerEnd));
        message.AsSpan(headerEnd).CopyTo(whole.AsSpan(headerEnd + encoded.Length));
        return whole;
    }
}
