using Amqp;

namespace BuildingMgmt.EventHubsEndpoint.Transport;

/// <summary>A delivery as it came. Decoding and encoding again would change its bytes, and fails on some valid ones.</summary>
internal sealed class EncodedMessage(ByteBuffer encoded) : Message
{
    public ByteBuffer Encoded { get; } = encoded;

    /// <summary>Valid until the message is disposed of.</summary>
    public ReadOnlyMemory<byte> Bytes => Encoded.Buffer.AsMemory(Encoded.Offset, Encoded.Length);
}
