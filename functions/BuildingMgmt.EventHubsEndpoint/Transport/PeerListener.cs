using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Amqp;
using BuildingMgmt.EventHubsEndpoint.Security;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint.Transport;

/// <summary>Takes connections, leads them through SASL, each for itself, and gives them to the library when they are through.</summary>
internal sealed class PeerListener : TransportProvider
{
    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan SweepPeriod = TimeSpan.FromSeconds(1);

    private readonly PeerLimits _limits;
    private readonly SharedAccessKey _key;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Socket _socket;
    private readonly ITimer _sweep;
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<Peer, byte> _peers = [];
    private readonly ConcurrentDictionary<Socket, long> _handshakes = [];
    private readonly Channel<Peer> _ready = Channel.CreateUnbounded<Peer>();
    private int _connections;

    private PeerListener(Socket socket, PeerLimits limits, SharedAccessKey key, TimeProvider time, ILogger logger)
    {
        AddressSchemes = [Scheme];
        _socket = socket;
        Port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        _limits = limits;
        _key = key;
        _time = time;
        _logger = logger;
        _sweep = time.CreateTimer(_ => Sweep(), null, SweepPeriod, SweepPeriod);
    }

    /// <summary>By which the library asks for this listener's transports.</summary>
    public const string Scheme = "peer";

    public int Port { get; }

    /// <summary>Listens on the loopback address; port 0 takes a free one.</summary>
    /// <exception cref="StartException">The port is taken.</exception>
    public static PeerListener Listen(int port, PeerLimits limits, SharedAccessKey key, TimeProvider time, ILogger logger)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(512);
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw new StartException(
                $"Port {port} on 127.0.0.1 cannot be listened on ({failure.Message}): stop what uses it, or choose another by --amqp-port "
                + "(--port of this process).");
        }
        return new PeerListener(socket, limits, key, time, logger);
    }

    /// <summary>Begins to take connections.</summary>
    public void Start() => _ = AcceptAsync();

    public override async Task<IAsyncTransport> CreateAsync(Address address)
    {
        try
        {
            var peer = await _ready.Reader.ReadAsync(_stopping.Token);
            return peer.Transport;
        }
        catch (OperationCanceledException)
        {
            // The library asks again as soon as it is answered, for ever: it must not be, once there is no more.
            return await new TaskCompletionSource<IAsyncTransport>().Task;
        }
    }

    /// <summary>Takes no more connections. The library calls it before it closes those that there are.</summary>
    public override void Dispose()
    {
        base.Dispose();
        _stopping.Cancel();
        _socket.Dispose();
        foreach (var (socket, _) in _handshakes)
            socket.Dispose();
    }

    /// <summary>Waits until the peers have answered that the library closed them, and cuts off those that do not.</summary>
    public void DropAll(TimeSpan grace)
    {
        SpinWait.SpinUntil(() => _peers.IsEmpty, grace);
        _sweep.Dispose();
        foreach (var (peer, _) in _peers)
            peer.Drop("the endpoint is stopping");
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var socket = await _socket.AcceptAsync(_stopping.Token);
                if (TryMakeRoom())
                    _ = HandshakeAsync(socket);
                else
                    socket.Dispose();
            }
            catch (Exception) when (_stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failure)
            {
                // Whatever one connection did, the next must be taken. Out of descriptors: they come back as others close.
                _logger.AcceptFailed(failure);
                await Task.Delay(AcceptPause, CancellationToken.None);
            }
        }
    }

    private bool TryMakeRoom()
    {
        if (Interlocked.Increment(ref _connections) <= _limits.ConnectionsMax)
            return true;
        const string reason = "it has shown no token, and others want its place";
        if (_handshakes.OrderBy(handshake => handshake.Value).Select(handshake => handshake.Key).FirstOrDefault() is { } socket)
        {
            _logger.PeerDropped("in its handshake", reason);
            socket.Dispose();
            return true;
        }
        if (_peers.Keys.Where(peer => !peer.Grants.EverGiven).MinBy(peer => peer.Since) is { } oldest)
        {
            oldest.Drop(reason);
            return true;
        }
        Interlocked.Decrement(ref _connections);
        _logger.PeerDropped("new", "all connections are taken");
        return false;
    }

    private async Task HandshakeAsync(Socket socket)
    {
        var name = socket.RemoteEndPoint?.ToString() ?? "unknown";
        _handshakes.TryAdd(socket, _time.GetTimestamp());
        try
        {
            socket.NoDelay = true;
            using var deadline = new CancellationTokenSource(_limits.HandshakeTimeout, _time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, _stopping.Token);
            var provedKey = await SaslHandshake.RunAsync(socket, _key, either.Token);

            var peer = new Peer(socket, _limits, new Grants(_key, _time, provedKey), _time, _logger, OnGone);
            _peers.TryAdd(peer, 0);
            await _ready.Writer.WriteAsync(peer, either.Token);
        }
        catch (Exception failure) when (
            failure is SocketException or ObjectDisposedException or OperationCanceledException or InvalidDataException)
        {
            _logger.PeerDropped(name, failure is OperationCanceledException ? "it did not finish SASL in time" : failure.Message);
            socket.Dispose();
            Interlocked.Decrement(ref _connections);
        }
        finally
        {
            _handshakes.TryRemove(socket, out _);
        }
    }

    private void OnGone(Peer peer)
    {
        if (_peers.TryRemove(peer, out _))
            Interlocked.Decrement(ref _connections);
    }

    private void Sweep()
    {
        foreach (var (peer, _) in _peers)
        {
            try
            {
                peer.OnSweep();
            }
            catch (Exception failure)
            {
                // Nobody is above this: it would end the process, and the other peers are still to be looked after.
                peer.Fail(failure);
            }
        }
    }
}
