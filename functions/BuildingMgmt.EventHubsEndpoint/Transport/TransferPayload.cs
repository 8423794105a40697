using BuildingMgmt.EventHubsEndpoint.Wire;

namespace BuildingMgmt.EventHubsEndpoint.Transport;

/// <summary>How much of an outgoing frame is message, so that what was queued and what was written can be set off exactly.</summary>
internal static class TransferPayload
{
    private const int FrameHeaderBytes = 8;

    /// <returns>Bytes of message in a frame; zero when it is no transfer.</returns>
    public static int CountBytes(ReadOnlySpan<byte> frame)
    {
        if (frame.Length <= FrameHeaderBytes)
            return 0;
        var body = frame[FrameHeaderBytes..];
        var reader = new AmqpReader(body);
        if (reader.ReadDescriptor() != Descriptors.Transfer)
            return 0;
        reader.Skip();
        return body.Length - reader.Position;
    }
}
