using Amqp;
using Amqp.Listener;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint.Transport;

/// <summary>Carries answers to a peer, as far as it gave credit; a few wait for more.</summary>
internal sealed class ResponseLink(Peer peer, ListenerLink link, ILogger logger) : PeerLink(peer, link, null, logger)
{
    private const int WaitingMax = 64;

    private readonly Lock _lock = new();
    private readonly Queue<Message> _waiting = new();
    private uint _creditLimit;
    private uint _sent;

    public override void OnFlow(LinkFlow flow) => Guarded(() =>
    {
        lock (_lock)
            _creditLimit = flow.DeliveryCount + flow.Credit;
        SendWaiting();
    });

    public override void OnRoom() => Guarded(SendWaiting);

    /// <summary>Sends an answer now or when there is credit and room.</summary>
    /// <returns>False when too many are waiting: the peer does not take them.</returns>
    public bool TrySend(Message response)
    {
        lock (_lock)
        {
            if (_waiting.Count >= WaitingMax)
                return false;
            _waiting.Enqueue(response);
        }
        SendWaiting();
        return true;
    }

    protected override void Initialize() => Link.InitializeSender((_, _, _) => { }, (_, _, _, _) => { }, null);

    protected override void OnEnded()
    {
        foreach (var (name, response) in Peer.Responses)
        {
            if (response == this)
                Peer.Responses.TryRemove(name, out _);
        }
    }

    private void SendWaiting()
    {
        lock (_lock)
        {
            while (!IsClosed && (int)(_creditLimit - _sent) > 0 && Peer.HasRoom && _waiting.TryDequeue(out var response))
            {
                var bytes = response.Encode();
                _sent++;
                Peer.OnQueued(bytes.Length);
                Link.SendMessage(response, bytes);
            }
        }
    }
}
