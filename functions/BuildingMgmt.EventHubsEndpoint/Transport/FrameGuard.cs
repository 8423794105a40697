using System.Buffers.Binary;
using Amqp;
using BuildingMgmt.EventHubsEndpoint.Wire;

namespace BuildingMgmt.EventHubsEndpoint.Transport;

/// <summary>
/// Looks at each frame before the library does, because the library gathers deliveries without a bound, takes aborted ones for
/// whole, and closes the connection over a frame that crosses the end of its session. One connection, one thread at a time.
/// </summary>
/// <param name="limits">What is refused.</param>
internal sealed class FrameGuard(PeerLimits limits)
{
    private const int HeaderBytes = 8;

    private readonly Dictionary<ushort, SessionFrames> _sessions = [];
    private int _links;
    private long _unfinishedBytes;

    /// <summary>The link that the last frame of a known link belongs to.</summary>
    public LinkFrames? Current { get; private set; }

    /// <summary>The last frame ends its delivery as one that was never sent.</summary>
    public bool IsAborted { get; private set; }

    /// <summary>
    /// The peer has opened the connection, or closes it: it is no longer one that connected and says nothing, which the handshake's
    /// time limit is for.
    /// </summary>
    public bool HandshakeIsOver { get; private set; }

    /// <summary>Looks at one whole frame.</summary>
    /// <returns>Bytes of it that the library may have: all, none, or all but the payload of a delivery that is too large.</returns>
    /// <exception cref="AmqpException">The frame must not be answered but by closing the connection.</exception>
    public int Inspect(ReadOnlySpan<byte> frame)
    {
        Current = null;
        IsAborted = false;
        if (frame[4] != 2 || frame[5] != 0)
            throw Refusal(ErrorCode.FramingError, "A frame is no AMQP frame, or has an extended header.");
        if (frame.Length == HeaderBytes)
            return frame.Length;

        var channel = BinaryPrimitives.ReadUInt16BigEndian(frame[6..]);
        var reader = new AmqpReader(frame[HeaderBytes..]);
        var performative = reader.ReadDescriptor();
        var fields = reader.ReadCompound(out var end);
        if (reader.Failed)
            throw Refusal(ErrorCode.DecodeError, "A frame's body is no performative.");

        if (performative is Descriptors.Begin)
        {
            if (_sessions.Values.Count(session => !session.HasEnded) >= limits.SessionsMax)
                throw Refusal(ErrorCode.ResourceLimitExceeded, $"A connection has at most {limits.SessionsMax} sessions.");
            _sessions[channel] = new SessionFrames();
            return frame.Length;
        }
        if (performative is Descriptors.Open or Descriptors.Close)
        {
            HandshakeIsOver = true;
            return frame.Length;
        }
        if (!_sessions.TryGetValue(channel, out var ofChannel))
            throw Refusal(ErrorCode.NotAllowed, $"Channel {channel} has no session.");
        if (ofChannel.HasEnded)
            return 0;

        switch (performative)
        {
            case Descriptors.Attach:
                Attach(ofChannel, ref reader, fields);
                break;
            case Descriptors.Detach:
                Forget(ofChannel, (uint)reader.ReadNumber());
                break;
            case Descriptors.End:
                foreach (var handle in ofChannel.Links.Keys.ToArray())
                    Forget(ofChannel, handle);
                ofChannel.HasEnded = true;
                break;
            case Descriptors.Flow:
                Flow(ofChannel, ref reader, fields);
                break;
            case Descriptors.Transfer:
                return Transfer(ofChannel, ref reader, fields, frame.Length, HeaderBytes + end);
        }
        if (reader.Failed)
            throw Refusal(ErrorCode.DecodeError, "A frame's fields cannot be read.");
        return frame.Length;
    }

    private void Attach(SessionFrames session, ref AmqpReader reader, int fields)
    {
        reader.Skip();
        var handle = (uint)(fields > 1 ? reader.ReadNumber() : 0);
        if (++_links > limits.LinksMax)
            throw Refusal(ErrorCode.ResourceLimitExceeded, $"A connection has at most {limits.LinksMax} links.");
        if (!session.Links.TryAdd(handle, Current = new LinkFrames(limits.RequestBytesMax)))
            throw Refusal(ErrorCode.HandleInUse, $"Handle {handle} is in use.");
    }

    private void Forget(SessionFrames session, uint handle)
    {
        if (!session.Links.Remove(handle, out var link))
            return;
        _links--;
        _unfinishedBytes -= link.UnfinishedBytes;
    }

    // Fields: next-incoming-id, incoming-window, next-outgoing-id, outgoing-window, handle, delivery-count, link-credit,
    // available, drain, echo, properties.
    private void Flow(SessionFrames session, ref AmqpReader reader, int fields)
    {
        for (var i = 0; i < 4; i++)
            reader.Skip();
        if (fields < 5)
            return;
        var handle = reader.ReadNumber(ulong.MaxValue);
        if (handle == ulong.MaxValue || !session.Links.TryGetValue((uint)handle, out var link))
            return;
        var deliveryCount = fields > 5 ? reader.ReadNumber() : 0;
        var credit = fields > 6 ? reader.ReadNumber() : 0;
        if (fields > 7)
            reader.Skip();
        var drain = fields > 8 && reader.ReadNumber() != 0;
        link.PendingFlow = new LinkFlow((uint)deliveryCount, (uint)credit, drain);
        Current = link;
    }

    // Fields: handle, delivery-id, delivery-tag, message-format, settled, more, rcv-settle-mode, state, resume, aborted, batchable.
    private int Transfer(SessionFrames session, ref AmqpReader reader, int fields, int frameBytes, int payloadStart)
    {
        var handle = (uint)(fields > 0 ? reader.ReadNumber() : 0);
        var deliveryId = fields > 1 ? reader.ReadNumber(ulong.MaxValue) : ulong.MaxValue;
        for (var i = 2; i < 5 && i < fields; i++)
            reader.Skip();
        var more = fields > 5 && reader.ReadNumber() != 0;
        for (var i = 6; i < 9 && i < fields; i++)
            reader.Skip();
        IsAborted = fields > 9 && reader.ReadNumber() != 0;
        if (reader.Failed || payloadStart > frameBytes)
            throw Refusal(ErrorCode.DecodeError, "A transfer's fields cannot be read.");
        if (!session.Links.TryGetValue(handle, out var link))
            throw Refusal(ErrorCode.UnattachedHandle, $"Handle {handle} is not attached.");
        Current = link;

        // Exactly the library's own rule for where a delivery begins: what it would go on gathering must go on being counted.
        if (deliveryId != ulong.MaxValue && (int)((uint)deliveryId - session.LastDeliveryId) > 0)
        {
            session.LastDeliveryId = (uint)deliveryId;
            _unfinishedBytes -= link.UnfinishedBytes;
            link.UnfinishedBytes = 0;
        }

        var payload = frameBytes - payloadStart;
        var isTooLarge = link.UnfinishedBytes + payload > link.DeliveryBytesMax;
        if (isTooLarge)
            payload = 0;
        link.IsTooLarge = isTooLarge;
        link.UnfinishedBytes += payload;
        _unfinishedBytes += payload;
        if (_unfinishedBytes > limits.UnfinishedBytesMax)
            throw Refusal(ErrorCode.ResourceLimitExceeded, "Too many deliveries are unfinished.");
        if (!more)
        {
            _unfinishedBytes -= link.UnfinishedBytes;
            link.UnfinishedBytes = 0;
        }
        return payloadStart + payload;
    }

    private static AmqpException Refusal(string condition, string description) => new(condition, description);

    private sealed class SessionFrames
    {
        public Dictionary<uint, LinkFrames> Links { get; } = [];

        /// <summary>Where the library begins to count.</summary>
        public uint LastDeliveryId { get; set; } = uint.MaxValue;

        public bool HasEnded { get; set; }
    }
}

/// <summary>What a receiver last said of its credit.</summary>
internal readonly record struct LinkFlow(uint DeliveryCount, uint Credit, bool Drain);

/// <summary>One link, as its frames show it.</summary>
internal sealed class LinkFrames(int deliveryBytesMax)
{
    /// <summary>Largest delivery that is let through, bytes.</summary>
    public int DeliveryBytesMax { get; set; } = deliveryBytesMax;

    /// <summary>Bytes of the delivery whose last frame is still to come.</summary>
    public int UnfinishedBytes { get; set; }

    /// <summary>The last frame was without its payload, because the delivery has more than it may.</summary>
    public bool IsTooLarge { get; set; }

    /// <summary>Told by the last frame, and not yet acted on.</summary>
    public LinkFlow? PendingFlow { get; set; }

    /// <summary>Who answers on this link; null while it is refused.</summary>
    public IPeerLink? Owner { get; set; }
}

/// <summary>Our side of one link.</summary>
internal interface IPeerLink
{
    /// <summary>The peer has told its credit.</summary>
    void OnFlow(LinkFlow flow);

    /// <summary>A delivery has more bytes than the link may carry.</summary>
    void OnTooLarge();

    /// <summary>Something for which the link may have waited has changed: room in the queue to the peer.</summary>
    void OnRoom();

    /// <summary>A good moment to see whether the link may stay: its token may have lapsed.</summary>
    void OnSweep();
}
