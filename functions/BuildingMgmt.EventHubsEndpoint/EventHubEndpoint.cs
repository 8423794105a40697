using Amqp;
using Amqp.Framing;
using Amqp.Handler;
using Amqp.Listener;
using BuildingMgmt.EventHubsEndpoint.Log;
using BuildingMgmt.EventHubsEndpoint.Security;
using BuildingMgmt.EventHubsEndpoint.Transport;
using Microsoft.Extensions.Logging;
using EventId = Amqp.Handler.EventId;

namespace BuildingMgmt.EventHubsEndpoint;

/// <summary>One running hub: its log and its listener.</summary>
internal sealed class EventHubEndpoint : IDisposable
{
    // Peers that are alive answer a close at once.
    private static readonly TimeSpan ClosingGrace = TimeSpan.FromMilliseconds(500);

    private readonly HubLog _hub;
    private readonly PeerListener _peers;
    private readonly ConnectionListener _listener;

    private EventHubEndpoint(HubLog hub, PeerListener peers, ConnectionListener listener)
    {
        _hub = hub;
        _peers = peers;
        _listener = listener;
    }

    public int Port => _peers.Port;

    /// <summary>Opens the hub and serves it on 127.0.0.1.</summary>
    /// <param name="logger">May fail: then a line is lost.</param>
    /// <exception cref="StartException">The port or the data folder is in use, or the folder holds another hub.</exception>
    public static EventHubEndpoint Start(EndpointOptions options, TimeProvider time, ILogger logger)
    {
        var limits = options.Limits;
        logger = new NeverThrowingLogger(logger);
        var peers = PeerListener.Listen(options.Port, limits, options.Key, time, logger);
        HubLog hub;
        try
        {
            hub = HubLog.Open(Path.Combine(options.DataFolder, options.Hub), options.Hub, options.Partitions, options.Log, time, logger);
        }
        catch
        {
            peers.Dispose();
            peers.DropAll(TimeSpan.Zero);
            throw;
        }

        var container = new HubContainer(hub, options.ConsumerGroups, peers, limits, logger);
        var listener = new ConnectionListener(new Address("127.0.0.1", peers.Port, null, null, "/", PeerListener.Scheme), container)
        {
            // None by default, which halves the speed.
            BufferManager = new BufferManager(256, 2 * 1024 * 1024, 64 * 1024 * 1024),
            HandlerFactory = _ => new OpenGuard(limits),
        };
        listener.AMQP.ContainerId = "event-hubs-endpoint";
        listener.AMQP.MaxFrameSize = limits.FrameBytesMax;
        listener.AMQP.MaxSessionsPerConnection = (ushort)limits.SessionsMax;
        listener.AMQP.MaxLinksPerSession = limits.LinksMax;
        listener.AMQP.IdleTimeout = (int)limits.IdleTimeout.TotalMilliseconds;
        listener.Open();
        peers.Start();
        return new EventHubEndpoint(hub, peers, listener);
    }

    /// <summary>Stores and answers what was taken, then closes all connections.</summary>
    public void Dispose()
    {
        _peers.Dispose();
        _hub.Dispose();
        try
        {
            _listener.Close();
        }
        catch (ObjectDisposedException)
        {
            // A peer went at this very moment, and the library says goodbye to it. Whoever is left is dropped below.
        }

        _peers.DropAll(ClosingGrace);
    }

    /// <summary>Refuses what a peer may ask for at the opening and the library would stumble over.</summary>
    private sealed class OpenGuard(PeerLimits limits) : IHandler
    {
        private const uint IdleTimeoutMsMin = 100;

        public bool CanHandle(EventId id) => id == EventId.ConnectionRemoteOpen;

        public void Handle(Event protocolEvent)
        {
            var open = (Open)protocolEvent.Context;
            // Near 30 bytes no transfer fits, and the library's sender loops for ever.
            if (open.MaxFrameSize < limits.PeerFrameBytesMin)
                throw new AmqpException(ErrorCode.FrameSizeTooSmall, $"A max-frame-size under {limits.PeerFrameBytesMin} is not taken.");
            if (open.IdleTimeOut is > 0 and < IdleTimeoutMsMin)
                throw new AmqpException(ErrorCode.InvalidField, $"An idle time-out under {IdleTimeoutMsMin} ms is not taken.");
        }
    }
}
