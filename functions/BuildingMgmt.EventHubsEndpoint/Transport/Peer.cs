using System.Collections.Concurrent;
using System.Net.Sockets;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using BuildingMgmt.EventHubsEndpoint.Security;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint.Transport;

/// <summary>One connection: what it may, what it holds, and what waits for it.</summary>
internal sealed class Peer
{
    private const string PropertyName = "building-mgmt:peer";

    // Long enough for a close frame to leave.
    private static readonly TimeSpan ClosingGrace = TimeSpan.FromSeconds(5);

    private readonly Socket _socket;
    private readonly PeerLimits _limits;
    private readonly ILogger _logger;
    private readonly Action<Peer> _onGone;
    private readonly ConcurrentDictionary<IPeerLink, byte> _links = [];
    private Connection? _connection;
    private long _closedSince;
    private long _storingBytes;
    private long _queuedBytes;
    private TaskCompletionSource? _stored;

    public Peer(Socket socket, PeerLimits limits, Grants grants, TimeProvider time, ILogger logger, Action<Peer> onGone)
    {
        _socket = socket;
        _limits = limits;
        _logger = logger;
        _onGone = onGone;
        Since = time.GetTimestamp();
        Grants = grants;
        Time = time;
        Name = socket.RemoteEndPoint?.ToString() ?? "unknown";
        Guard = new FrameGuard(limits);
        Transport = new PeerTransport(this, socket, limits);
    }

    public string Name { get; }

    /// <summary>When it was connected, as a timestamp of <see cref="Time"/>.</summary>
    public long Since { get; }

    /// <summary>What the peer has shown tokens for.</summary>
    public Grants Grants { get; }

    public TimeProvider Time { get; }

    public PeerLimits Limits => _limits;

    public FrameGuard Guard { get; }

    public PeerTransport Transport { get; }

    /// <summary>Links that carry answers to requests, by the names by which a request may ask for them.</summary>
    public ConcurrentDictionary<string, ResponseLink> Responses { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether another event may be queued to the peer.</summary>
    public bool HasRoom => Interlocked.Read(ref _queuedBytes) < _limits.QueuedBytesMax;

    /// <summary>The peer of a connection that the library hands over.</summary>
    public static Peer Of(ListenerConnection connection) => (Peer)connection.Properties[PropertyName];

    /// <summary>The library has made its connection on <see cref="Transport"/>.</summary>
    public void SetConnection(Connection connection)
    {
        ((ListenerConnection)connection).Properties[PropertyName] = this;
        _connection = connection;
        connection.AddClosedCallback((_, error) =>
        {
            Interlocked.CompareExchange(ref _closedSince, Time.GetTimestamp(), 0);
            _logger.PeerClosed(Name, error?.ToString() ?? "by the peer");
        });
        _logger.PeerOpened(Name);
    }

    /// <summary>Puts our side of a link behind the attach frame that is being handled.</summary>
    /// <param name="deliveryBytesMax">Largest delivery that it takes, bytes.</param>
    public void Add(IPeerLink link, int deliveryBytesMax)
    {
        if (Guard.Current is { } frames)
        {
            frames.Owner = link;
            frames.DeliveryBytesMax = deliveryBytesMax;
        }
        _links.TryAdd(link, 0);
    }

    public void Remove(IPeerLink link) => _links.TryRemove(link, out _);

    /// <summary>The library has dealt with the frame that was last given to it.</summary>
    public void OnFrameHandled()
    {
        if (Guard.Current is not { Owner: { } owner } frames)
            return;
        if (frames.PendingFlow is { } flow)
        {
            frames.PendingFlow = null;
            owner.OnFlow(flow);
        }
        if (frames.IsTooLarge)
        {
            frames.IsTooLarge = false;
            owner.OnTooLarge();
        }
    }

    /// <summary>Events of the peer wait for the disk; until they are fewer, <see cref="WaitUntilStoredAsync"/> holds its socket.</summary>
    public void OnStoring(int bytes) => Interlocked.Add(ref _storingBytes, bytes);

    public void OnStored(int bytes)
    {
        if (Interlocked.Add(ref _storingBytes, -bytes) <= _limits.StoringBytesMax / 2)
            Interlocked.Exchange(ref _stored, null)?.TrySetResult();
    }

    public async ValueTask WaitUntilStoredAsync()
    {
        while (Interlocked.Read(ref _storingBytes) > _limits.StoringBytesMax)
        {
            var stored = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Interlocked.Exchange(ref _stored, stored);
            // What was stored before the line above has woken nobody.
            if (Interlocked.Read(ref _storingBytes) <= _limits.StoringBytesMax / 2)
                return;
            await stored.Task.ConfigureAwait(false);
        }
    }

    /// <summary>Message bytes were handed to the library for sending.</summary>
    public void OnQueued(int bytes) => Interlocked.Add(ref _queuedBytes, bytes);

    /// <summary>Message bytes were written, or will never be, because their link is gone.</summary>
    public void OnSent(int bytes)
    {
        if (bytes == 0)
            return;
        var left = Interlocked.Add(ref _queuedBytes, -bytes);
        if (left >= _limits.QueuedBytesMax / 2)
            return;
        foreach (var (link, _) in _links)
            link.OnRoom();
    }

    /// <summary>Looks after deadlines, about once a second.</summary>
    public void OnSweep()
    {
        var age = Time.GetElapsedTime(Since);
        if (_closedSince is not 0 and var closedSince)
        {
            if (Time.GetElapsedTime(closedSince) > ClosingGrace)
                _socket.Dispose();
            return;
        }
        if (!Guard.HandshakeIsOver && age > _limits.HandshakeTimeout)
            Drop("it did not open the connection in time");
        else if (Transport.SendingSince is { } since && Time.GetElapsedTime(since) > _limits.IdleTimeout)
            Drop("it does not take what it is sent");
        else if (!Grants.EverGiven && age > _limits.AuthorizationTimeout)
            Close(new Error(ErrorCode.UnauthorizedAccess) { Description = "No token was shown in time." });

        foreach (var (link, _) in _links)
            link.OnSweep();
    }

    /// <summary>Closes the connection and tells the peer why. A peer that does not answer is cut off soon.</summary>
    public void Close(Error error)
    {
        // The library calls back only once it is answered.
        Interlocked.CompareExchange(ref _closedSince, Time.GetTimestamp(), 0);
        _connection?.Close(TimeSpan.Zero, error);
    }

    /// <summary>Cuts the connection, because the endpoint itself failed on it. Never throws.</summary>
    public void Fail(Exception failure)
    {
        _logger.PeerFailed(failure, Name);
        _socket.Dispose();
    }

    /// <summary>Cuts the connection.</summary>
    public void Drop(string reason)
    {
        _logger.PeerDropped(Name, reason);
        _socket.Dispose();
    }

    public void OnTransportClosed()
    {
        Interlocked.CompareExchange(ref _closedSince, Time.GetTimestamp(), 0);
        _onGone(this);
    }
}
