namespace BuildingMgmt.EventHubsEndpoint.Transport;

/// <summary>What one peer may take of the endpoint. A peer that wants more is refused or closed; the others do not notice.</summary>
internal sealed record PeerLimits
{
    /// <summary>Connections at once. When a new one would be one more, the oldest that never showed a token makes room.</summary>
    public int ConnectionsMax { get; init; } = 1_000;

    /// <summary>From the first byte to the AMQP open.</summary>
    public TimeSpan HandshakeTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A connection that shows no token for this long is closed.</summary>
    public TimeSpan AuthorizationTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A peer that sends nothing for this long is closed, and one that takes nothing of what it is sent.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Largest frame taken, bytes.</summary>
    public int FrameBytesMax { get; init; } = 128 * 1024;

    /// <summary>Smallest largest frame that a peer may ask for, bytes: what AMQP obliges everybody to take.</summary>
    public int PeerFrameBytesMin { get; init; } = 512;

    public int SessionsMax { get; init; } = 256;

    /// <summary>Links of one connection, over all its sessions.</summary>
    public int LinksMax { get; init; } = 512;

    /// <summary>Largest event, or batch of events, bytes: the service's own limit.</summary>
    public int EventBytesMax { get; init; } = 1024 * 1024;

    /// <summary>Largest request, and largest delivery on a link that was refused, bytes.</summary>
    public int RequestBytesMax { get; init; } = 64 * 1024;

    /// <summary>Deliveries of which the last frame is still to come, over all links of a connection, bytes.</summary>
    public int UnfinishedBytesMax { get; init; } = 8 * 1024 * 1024;

    /// <summary>Events of one connection that wait for the disk, bytes; from here on its socket is not read.</summary>
    public int StoringBytesMax { get; init; } = 4 * 1024 * 1024;

    /// <summary>Events for one connection that wait for its socket or its session window, bytes.</summary>
    public int QueuedBytesMax { get; init; } = 1024 * 1024;

    /// <summary>Frames read while one write to the peer is stuck; their answers would pile up.</summary>
    public int FramesReadWhileStuckMax { get; init; } = 10_000;

    /// <summary>Events of one link that the peer has got and not settled, where it asked to settle them itself, bytes: the library keeps them.</summary>
    public int UnsettledBytesMax { get; init; } = 4 * 1024 * 1024;

    /// <summary>Credit given to a sender.</summary>
    public int SenderCredit { get; init; } = 1_000;
}
