using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using BuildingMgmt.EventHubsEndpoint.Log;
using BuildingMgmt.EventHubsEndpoint.Transport;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint.Sending;

/// <summary>Takes events from a peer and accepts them once they are on disk.</summary>
/// <param name="partition">Where all of them go, or null to spread them over the hub.</param>
internal sealed class SendLink(Peer peer, ListenerLink link, string entity, PartitionLog? partition, PartitionRouter router, ILogger logger)
    : PeerLink(peer, link, entity, logger)
{
    /// <summary>A sender's error that clients try again by themselves, after a while.</summary>
    private const string ServerBusy = "com.microsoft:server-busy";

    /// <summary>What a small event costs in memory beside its bytes, while it waits for the disk.</summary>
    private const int OverheadBytes = 1024;

    private int _creditLeft;

    protected override void Initialize() =>
        Link.InitializeReceiver(0, (_, message, _, _) => Guarded(() => OnMessage((EncodedMessage)message)), null);

    protected override void OnAttached() => GiveCredit();

    protected override void OnEnded()
    {
    }

    private void OnMessage(EncodedMessage message)
    {
        if (IsClosed || Peer.Guard.IsAborted || Peer.Guard.Current is { IsTooLarge: true })
        {
            message.Dispose();
            return;
        }
        if (--_creditLeft < 0)
        {
            message.Dispose();
            Close(ErrorCode.TransferLimitExceeded, "More was sent than there was credit for.");
            return;
        }
        if (!EventReader.TryRead(message.Format, message.Bytes, out var events, out var partitionKey, out var error))
        {
            Settle(message, Reject(ErrorCode.DecodeError, error));
        }
        else
        {
            Peer.OnStoring(message.Encoded.Length + OverheadBytes);
            (partition ?? router.Choose(partitionKey.Span)).Append(new Sent(this, message)
            {
                Payload = message.Bytes,
                Events = events,
                PartitionKey = partitionKey,
            });
        }
        // What waits for the disk is bounded by not reading the socket, so credit can always come back.
        if (_creditLeft <= Peer.Limits.SenderCredit / 2)
            GiveCredit();
    }

    private void GiveCredit()
    {
        _creditLeft = Peer.Limits.SenderCredit;
        Link.SetCredit(_creditLeft, drain: false, autoRestore: false);
    }

    private void OnStored(EncodedMessage message, DeliveryState outcome)
    {
        var bytes = message.Encoded.Length + OverheadBytes;
        Settle(message, outcome);
        Peer.OnStored(bytes);
    }

    private void Settle(EncodedMessage message, DeliveryState outcome)
    {
        try
        {
            if (!IsClosed)
                Link.DisposeMessage(message, outcome, settled: true);
        }
        catch (Exception gone) when (gone is AmqpException or ObjectDisposedException)
        {
            // The connection went while the disk worked: the sender will not hear, and sends again.
        }
        catch (Exception failure)
        {
            // Behind this one, other peers' events of the same group wait for their answers.
            Peer.Fail(failure);
        }
        message.Dispose();
    }

    private static Rejected Reject(string condition, string description) =>
        new() { Error = new Error(condition) { Description = description } };

    private sealed class Sent(SendLink link, EncodedMessage message) : PendingAppend
    {
        public override void OnAccepted() => link.OnStored(message, new Accepted());

        public override void OnRejected(string reason) => link.OnStored(message, Reject(ServerBusy,
            $"The events could not be stored and nothing of them was: {reason}. Send them again later."));
    }
}
