using Amqp;
using Amqp.Listener;
using BuildingMgmt.EventHubsEndpoint.Log;
using BuildingMgmt.EventHubsEndpoint.Transport;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint.Receiving;

/// <summary>Sends a partition's events to a peer, from a position on and then as they come, as far as it gives credit and takes them.</summary>
internal sealed class ReceiveLink : PeerLink, IThreadPoolWorkItem
{
    /// <summary>Sent in one go before other links have their turn on the pool.</summary>
    private const int EventsPerTurn = 256;

    private const int Idle = 0;
    private const int Running = 1;
    private const int RunAgain = 2;

    private readonly PartitionLog _log;
    private readonly ReceiverEpochs _receivers;
    private readonly StartPosition _start;
    private readonly bool _tellMetric;
    private readonly ILogger _logger;

    private int _state;
    private LogReader? _reader;
    private long _unsettledBytes;

    // Counted as AMQP says (part 2, section 2.6.7): deliveries, from zero, with wrap-around.
    private uint _creditLimit;
    private uint _sent;
    private uint _libraryLimit;
    private volatile bool _drain;

    public ReceiveLink(
        Peer peer, ListenerLink link, string entity, PartitionLog log, ReceiverEpochs receivers, StartPosition start,
        long? epoch, bool tellMetric, ILogger logger)
        : base(peer, link, entity, logger)
    {
        _log = log;
        _receivers = receivers;
        _start = start;
        _tellMetric = tellMetric;
        _logger = logger;
        Epoch = epoch;
    }

    /// <summary>The owner level that the receiver claims, or null.</summary>
    public long? Epoch { get; }

    /// <summary>Takes the link away, because another receiver has come with the same epoch or a higher one.</summary>
    public void Displace(long? epoch) => Close(ErrorCode.Stolen,
        $"New receiver with higher epoch of '{epoch}' is created hence current receiver with epoch '{Epoch}' is getting disconnected.");

    public override void OnFlow(LinkFlow flow) => Guarded(() =>
    {
        // The library counts its own way, and tells its count when credit is drained: the same arithmetic keeps ours equal.
        var limit = flow.DeliveryCount + flow.Credit;
        _libraryLimit = (int)(limit - _libraryLimit) > 0 ? limit : Volatile.Read(ref _sent);
        Volatile.Write(ref _creditLimit, limit);
        _drain = flow.Drain;
        Wake();
    });

    public override void OnRoom() => Wake();

    void IThreadPoolWorkItem.Execute()
    {
        do
        {
            Volatile.Write(ref _state, Running);
            var isMore = false;
            Guarded(() => isMore = SendTurn());
            if (isMore)
            {
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
                return;
            }
        }
        while (Interlocked.CompareExchange(ref _state, Idle, Running) != Running);
    }

    protected override void Initialize() => Link.InitializeSender((_, _, _) => { }, (message, _, _, _) => OnSettled((StoredMessage)message), null);

    protected override void OnAttached()
    {
        _log.Grown += Wake;
        if (IsClosed)
            OnEnded();
    }

    protected override void OnEnded()
    {
        _log.Grown -= Wake;
        _receivers.Leave(this);
        // The reader belongs to whoever runs.
        Wake();
    }

    private void Wake()
    {
        while (true)
        {
            var state = Volatile.Read(ref _state);
            if (state == RunAgain)
                return;
            if (Interlocked.CompareExchange(ref _state, state + 1, state) != state)
                continue;
            if (state == Idle)
                ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
            return;
        }
    }

    /// <returns>Whether there is more to send at once.</returns>
    private bool SendTurn()
    {
        if (IsClosed)
        {
            _reader?.Dispose();
            _reader = null;
            return false;
        }
        // Made here and not at the attach: finding the place reads the disk, and the attach came on the connection's reading thread.
        _reader ??= new LogReader(_log, _start);
        for (var i = 0; i < EventsPerTurn; i++)
        {
            if (!MaySend())
                return false;
            if (!_reader.TryRead(out var stored))
            {
                DrainIfAsked();
                return false;
            }
            Send(stored);
        }
        return true;
    }

    private bool MaySend() =>
        !IsClosed && (int)(Volatile.Read(ref _creditLimit) - _sent) > 0 && Peer.HasRoom
        && Interlocked.Read(ref _unsettledBytes) < Peer.Limits.UnsettledBytesMax;

    private void Send(StoredEvent stored)
    {
        var bytes = _tellMetric ? RuntimeMetric.AddTo(stored.Message, _log.End, Peer.Time.GetUtcNow()) : stored.Message;
        var message = new StoredMessage(new ByteBuffer(bytes.Array!, bytes.Offset, bytes.Count, bytes.Count));
        Volatile.Write(ref _sent, _sent + 1);
        if (!Link.SettleOnSend)
            Interlocked.Add(ref _unsettledBytes, message.KeptBytes);
        Peer.OnQueued(bytes.Count);
        try
        {
            Link.SendMessage(message, message.Encoded);
        }
        catch (Exception gone) when (gone is AmqpException or ObjectDisposedException)
        {
            OnSettled(message);
        }
    }

    /// <summary>The peer has settled an event, or it will never be sent, because the link is gone.</summary>
    private void OnSettled(StoredMessage message)
    {
        if (!message.TrySettle())
            return;
        // The library takes from the buffer what it puts into frames: what is left in it will never be written.
        Peer.OnSent(message.Encoded.Length);
        if (Link.SettleOnSend)
            return;
        var left = Interlocked.Add(ref _unsettledBytes, -message.KeptBytes);
        if (left < Peer.Limits.UnsettledBytesMax && left + message.KeptBytes >= Peer.Limits.UnsettledBytesMax)
            Wake();
    }

    private void DrainIfAsked()
    {
        if (!_drain)
            return;
        _drain = false;
        Link.CompleteDrain();
        Volatile.Write(ref _sent, _libraryLimit);
        Volatile.Write(ref _creditLimit, _sent);
    }

    private sealed class StoredMessage(ByteBuffer encoded) : Message
    {
        /// <summary>A small event costs the library's own objects as well.</summary>
        private const int OverheadBytes = 500;

        private int _settled;

        public ByteBuffer Encoded { get; } = encoded;

        public int KeptBytes { get; } = encoded.Length + OverheadBytes;

        public bool TrySettle() => Interlocked.Exchange(ref _settled, 1) == 0;
    }
}
