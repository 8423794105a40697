using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint.Transport;

/// <summary>What all our sides of a link have in common: they end, and they need an open entity.</summary>
internal abstract class PeerLink : IPeerLink
{
    private readonly string? _guardedPath;
    private readonly ILogger _logger;
    private int _closed;

    /// <param name="guardedPath">What a token must open for the link to stay; null needs none.</param>
    protected PeerLink(Peer peer, ListenerLink link, string? guardedPath, ILogger logger)
    {
        Peer = peer;
        Link = link;
        _guardedPath = guardedPath;
        _logger = logger;
    }

    protected Peer Peer { get; }

    protected ListenerLink Link { get; }

    protected bool IsClosed => Volatile.Read(ref _closed) != 0;

    protected string Name => $"{Peer.Name} {_guardedPath} {Link.Name}";

    /// <summary>Answers the attach and begins to serve the link.</summary>
    /// <param name="attach">The peer's own frame, which goes back as the answer.</param>
    public void Attach(Attach attach, int deliveryBytesMax)
    {
        Initialize();
        // What the peer wished for and told is not ours to repeat.
        attach.DesiredCapabilities = null;
        attach.Properties = null;
        attach.Unsettled = null;
        attach.MaxMessageSize = (ulong)deliveryBytesMax;
        // Mixed leaves it to the sender: settled spares a frame back for each event, and nothing is redelivered either way.
        if (!Link.Role && attach.SndSettleMode != SenderSettleMode.Unsettled)
            attach.SndSettleMode = SenderSettleMode.Settled;
        if (!Link.Role)
            attach.InitialDeliveryCount = 0;
        Link.CompleteAttach(attach, null);
        Peer.Add(this, deliveryBytesMax);
        Link.AddClosedCallback((_, _) => EndOnce());
        OnAttached();
    }

    /// <summary>Takes the link away from the peer, or the peer itself if that fails. Never throws.</summary>
    public void Close(string condition, string description)
    {
        if (IsClosed)
            return;
        try
        {
            _logger.LinkTakenAway(Name, description);
            // Without a wait: this may be the thread that would read the answer.
            Link.Close(TimeSpan.Zero, new Error(condition) { Description = description });
            EndOnce();
        }
        catch (Exception failure)
        {
            // The callers have nobody above them, or somebody else's peer. Without its connection the link ends as well.
            Peer.Fail(failure);
        }
    }

    public virtual void OnFlow(LinkFlow flow)
    {
    }

    public void OnTooLarge() =>
        Close(ErrorCode.MessageSizeExceeded, $"A message is larger than the link's limit of {Peer.Limits.EventBytesMax} bytes.");

    public virtual void OnRoom()
    {
    }

    public void OnSweep()
    {
        if (_guardedPath is not null && !Peer.Grants.IsOpen(_guardedPath))
            Close(ErrorCode.UnauthorizedAccess, $"The token for \"{_guardedPath}\" has expired, and no new one was put.");
    }

    /// <summary>Tells the library whom to call.</summary>
    protected abstract void Initialize();

    /// <summary>The peer has been answered.</summary>
    protected virtual void OnAttached()
    {
    }

    /// <summary>The link is gone. Called once.</summary>
    protected abstract void OnEnded();

    /// <summary>Runs a callback of the library, which would close the whole connection if it threw.</summary>
    protected void Guarded(Action callback)
    {
        try
        {
            callback();
        }
        catch (Exception failure)
        {
            _logger.LinkFailed(failure, Name);
            Close(ErrorCode.InternalError, "The endpoint failed on this link; its log says why.");
        }
    }

    private void EndOnce()
    {
        if (Interlocked.Exchange(ref _closed, 1) != 0)
            return;
        Peer.Remove(this);
        OnEnded();
    }
}
