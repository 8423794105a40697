using System.Buffers.Binary;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>
/// Makes the payload of each received transfer one data section around the bytes that came. The library decodes every delivery on its read
/// pump, and closes the connection over one that it does not understand (a decimal number, an unknown section): such an event would
/// be delivered again for ever and stop its partition. So it is given bytes, and decoding is done where an error can be told.
/// </summary>
internal static class FrameRewriter
{
    /// <summary>Bytes that a rewritten frame is longer than it came.</summary>
    public const int Growth = 8;

    /// <summary>Bytes of a frame's beginning that tell where its payload starts; fewer where the frame is shorter.</summary>
    public const int HeadMax = 32;

    private const int FrameHeader = 8;
    private const byte AmqpFrame = 0;
    private const byte TransferDescriptor = 0x14;

    /// <summary>Whether these bytes open a protocol header ("AMQP"), which is no frame and eight bytes long.</summary>
    public static bool IsProtocolHeader(ReadOnlySpan<byte> bytes) => bytes.StartsWith("AMQP"u8);

    /// <param name="frame">At least <see cref="HeadMax"/> bytes from the frame's beginning, or all of it.</param>
    /// <param name="frameSize">All of it.</param>
    /// <returns>Where the payload starts; <paramref name="frameSize"/> where the frame stays as it is.</returns>
    public static int PayloadStart(ReadOnlySpan<byte> frame, int frameSize)
    {
        if (frame.Length < FrameHeader || frame[5] != AmqpFrame)
            return frameSize;
        var at = frame[4] * 4;

        // A described list: 0x00, the descriptor as a small ulong, the list. Every peer in use writes it so.
        if (frame.Length < at + 5 || frame[at] != 0 || frame[at + 1] != 0x53 || frame[at + 2] != TransferDescriptor)
            return frameSize;
        at += 3;
        long end = frame[at] switch
        {
            0x45 => at + 1,
            0xC0 => at + 2 + frame[at + 1],
            0xD0 when frame.Length >= at + 5 => at + 5 + (long)BinaryPrimitives.ReadUInt32BigEndian(frame[(at + 1)..]),
            _ => frameSize,
        };
        return end < frameSize ? (int)end : frameSize;
    }

    /// <summary>Writes the rewritten frame up to its payload.</summary>
    /// <param name="head">The frame as it came, up to its payload.</param>
    /// <returns>Bytes written.</returns>
    public static int WriteHead(ReadOnlySpan<byte> head, int frameSize, Span<byte> target)
    {
        head.CopyTo(target);
        BinaryPrimitives.WriteInt32BigEndian(target, frameSize + Growth);
        var section = target[head.Length..];
        section[0] = 0x00;
        section[1] = 0x53;
        section[2] = 0x75; // data
        section[3] = 0xB0; // binary, four bytes of length
        BinaryPrimitives.WriteInt32BigEndian(section[4..], frameSize - head.Length);
        return head.Length + Growth;
    }
}
