using System.Threading.Channels;
using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Azure.Messaging.EventHubs;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>How much a receiver fetches ahead.</summary>
/// <param name="CountMax">Events waiting or asked for.</param>
/// <param name="BytesMax">Bytes waiting or asked for, by the size of recent events.</param>
internal readonly record struct Prefetch(int CountMax, long BytesMax);

/// <summary>
/// Reads one partition on a connection of its own, with epoch 0: whoever opened last has the partition, and the one before is told.
/// Events wait in a queue whose length is bounded by the credit given.
/// </summary>
internal sealed class HubReceiver : IAsyncDisposable
{
    // Events on the wire at most: enough for the round trip, few enough that a sudden megabyte each does no harm.
    private const int UnderWayMax = 256;
    private const int CreditChunkMax = 128;
    private const int LargestEventBytes = 1024 * 1024;

    private static readonly Symbol SelectorFilter = "apache.org:selector-filter:string";
    private static readonly TimeSpan AttachTime = TimeSpan.FromSeconds(15);

    private readonly HubConnection _connection;
    private readonly Prefetch _prefetch;
    private readonly Action<EventData, Exception> _undecodable;
    private readonly ReceiverLink _link;
    private readonly Channel<EventData> _events = Channel.CreateUnbounded<EventData>(
        new UnboundedChannelOptions { SingleReader = true, AllowSynchronousContinuations = false });
    private readonly TaskCompletionSource _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _credit = new();
    private int _underWay;
    private int _waiting;
    private long _waitingBytes;
    private long _eventBytes = LargestEventBytes;
    private EventPlace _last = EventPlace.None;

    private HubReceiver(
        HubConnection connection,
        string consumerGroup,
        string partition,
        StartPosition start,
        Prefetch prefetch,
        string name,
        Action<EventData, Exception> undecodable)
    {
        _connection = connection;
        _prefetch = prefetch;
        _undecodable = undecodable;
        var address = connection.Address;
        _link = new ReceiverLink(
            connection.Session,
            HubConnection.NewLinkName("receive"),
            new Attach
            {
                Source = new Source
                {
                    Address = $"{address.Hub}/ConsumerGroups/{consumerGroup}/Partitions/{partition}",
                    FilterSet = new Map { [SelectorFilter] = new DescribedValue(SelectorFilter, start.Filter) },
                },
                Target = new Target(),
                SndSettleMode = SenderSettleMode.Settled,
                RcvSettleMode = ReceiverSettleMode.First,
                Properties = new Fields
                {
                    [(Symbol)"com.microsoft:epoch"] = 0L,
                    [(Symbol)"com.microsoft:receiver-name"] = name,
                },
            },
            (_, _) => _attached.TrySetResult());
        _link.AddClosedCallback((_, error) =>
        {
            var closedBy = HubErrors.From(error, address.Hub, $"Receiving from partition {partition} of {address}");
            _events.Writer.TryComplete(closedBy);
            _attached.TrySetException(closedBy);
        });
        _link.Start(0, OnMessage);
    }

    /// <param name="undecodable">Told of each event that cannot be decoded; it comes nevertheless, as bytes.</param>
    /// <exception cref="EventHubsException">The endpoint cannot be reached, or refuses the link.</exception>
    public static async Task<HubReceiver> OpenAsync(
        HubAddress address,
        string consumerGroup,
        string partition,
        StartPosition start,
        Prefetch prefetch,
        string name,
        Action<EventData, Exception> undecodable,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var connection = await HubConnection.OpenAsync(address, time, cancellationToken).ConfigureAwait(false);
        HubReceiver? receiver = null;
        try
        {
            receiver = new HubReceiver(connection, consumerGroup, partition, start, prefetch, name, undecodable);
            await receiver._attached.Task.WaitAsync(AttachTime, cancellationToken).ConfigureAwait(false);
            receiver.GiveCredit();
            return receiver;
        }
        catch (Exception e)
        {
            if (receiver is not null)
                await receiver.DisposeAsync().ConfigureAwait(false);
            else
                await connection.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw HubErrors.From(e, address.Hub, $"Opening a receiver for partition {partition} of {address}");
        }
    }

    /// <summary>Waits until there is an event to read.</summary>
    /// <exception cref="EventHubsException">The link is gone, and all that had come is read.</exception>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        // Either there is one, or the channel ended with an error, which this throws.
        await _events.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Adds what has come to <paramref name="batch"/>, up to <paramref name="countMax"/> in all.</summary>
    public void Read(List<EventData> batch, int countMax)
    {
        var count = 0;
        long bytes = 0;
        while (batch.Count < countMax && _events.Reader.TryRead(out var eventData))
        {
            count++;
            bytes += Size(eventData);
            batch.Add(eventData);
        }

        if (count == 0)
            return;
        lock (_credit)
        {
            _waiting -= count;
            _waitingBytes -= bytes;
        }

        GiveCredit();
    }

    public async ValueTask DisposeAsync()
    {
        _events.Writer.TryComplete();
        try
        {
            await _link.CloseAsync(TimeSpan.FromSeconds(1), null).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AmqpException or TimeoutException or InvalidOperationException)
        {
            // It is gone already.
        }

        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    private static long Size(EventData eventData) => 256 + eventData.BodyLength;

    // Runs on the connection's read pump: it must not wait.
    private void OnMessage(IReceiverLink link, Message message)
    {
        var eventData = ReceivedPayload.ToEvent(message, _last, out var error);
        _last = eventData.Place;
        if (error is not null)
            _undecodable(eventData, error);
        link.Accept(message);
        var size = Size(eventData);
        bool low;
        lock (_credit)
        {
            _underWay--;
            _waiting++;
            _waitingBytes += size;

            // Rises at once with a large event, falls slowly over small ones.
            _eventBytes = Math.Max(size, _eventBytes - (_eventBytes >> 4));
            low = _underWay <= UnderWayMax / 2;
        }

        _events.Writer.TryWrite(eventData);
        if (low)
            GiveCredit();
    }

    private void GiveCredit()
    {
        lock (_credit)
        {
            var byCount = _prefetch.CountMax - _waiting - _underWay;
            var byBytes = ((_prefetch.BytesMax - _waitingBytes) / _eventBytes) - _underWay;
            var credit = (int)Math.Min(Math.Min(byCount, byBytes), UnderWayMax - _underWay);
            if (_waiting == 0 && _underWay == 0)
                credit = Math.Max(credit, 1);
            var chunk = Math.Clamp(_prefetch.CountMax / 4, 1, CreditChunkMax);
            if (credit < chunk && !(credit > 0 && _underWay == 0))
                return;
            _underWay += credit;
            _link.SetCredit(credit, CreditMode.Manual);
        }
    }
}
