using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography.X509Certificates;
using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Amqp.Types;
using BuildingMgmt.EventHubsEndpoint.Log;
using BuildingMgmt.EventHubsEndpoint.Management;
using BuildingMgmt.EventHubsEndpoint.Receiving;
using BuildingMgmt.EventHubsEndpoint.Security;
using BuildingMgmt.EventHubsEndpoint.Sending;
using BuildingMgmt.EventHubsEndpoint.Transport;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint;

/// <summary>Answers the library's questions: what a link that a peer wants to attach is, and whether it may.</summary>
internal sealed class HubContainer(
    HubLog hub, IReadOnlyList<string> consumerGroups, PeerListener peers, PeerLimits limits, ILogger logger) : IContainer
{
    private static readonly Symbol EpochProperty = "com.microsoft:epoch";

    private readonly PartitionRouter _router = new(hub);
    private readonly ManagementNode _management = new(hub);
    private readonly ConcurrentDictionary<EntityPath, ReceiverEpochs> _receivers = [];

    public X509Certificate2? ServiceCertificate => null;

    public IDictionary<string, TransportProvider> CustomTransports { get; } =
        new Dictionary<string, TransportProvider> { [PeerListener.Scheme] = peers };

    public Message CreateMessage(ByteBuffer buffer) => new EncodedMessage(buffer);

    public Link CreateLink(ListenerConnection connection, ListenerSession session, Attach attach) => new ListenerLink(session, attach);

    /// <summary>Attaches, or refuses by throwing.</summary>
    /// <returns>False: the attach has been answered.</returns>
    public bool AttachLink(ListenerConnection connection, ListenerSession session, Link link, Attach attach)
    {
        var peer = Peer.Of(connection);
        var address = attach.Role ? (attach.Source as Source)?.Address : (attach.Target as Target)?.Address;
        try
        {
            var entity = EntityPath.Parse(address);
            if (attach.Role)
                AttachSource(peer, (ListenerLink)link, attach, entity);
            else
                AttachTarget(peer, (ListenerLink)link, attach, entity);
            return false;
        }
        catch (AmqpException refusal)
        {
            logger.LinkRefused($"{peer.Name} {address}", refusal.Message);
            throw;
        }
    }

    /// <summary>The peer receives.</summary>
    private void AttachSource(Peer peer, ListenerLink link, Attach attach, EntityPath entity)
    {
        switch (entity.Kind)
        {
            case EntityKind.Cbs or EntityKind.Management:
                var responses = new ResponseLink(peer, link, logger);
                // Requests say where their answers go by the link's name, or by the address that its target has.
                peer.Responses[link.Name] = responses;
                if (attach.Target is Target { Address: { } target })
                    peer.Responses[target] = responses;
                responses.Attach(attach, limits.RequestBytesMax);
                return;
            case EntityKind.ConsumerGroupPartition:
                AttachReceiver(peer, link, attach, entity);
                return;
            default:
                throw new AmqpException(ErrorCode.NotAllowed,
                    $"\"{entity}\" cannot be received from: a source is <hub>/ConsumerGroups/<group>/Partitions/<id>.");
        }
    }

    private void AttachReceiver(Peer peer, ListenerLink link, Attach attach, EntityPath entity)
    {
        var name = entity.ToString();
        peer.Grants.Demand(name);
        var group = consumerGroups.FirstOrDefault(known => known.Equals(entity.ConsumerGroup, StringComparison.OrdinalIgnoreCase));
        if (!IsHub(entity) || group is null || hub.Find(entity.Partition) is not { } partition)
            throw EntityPath.NotFound(name);

        var start = StartFilter.Read((attach.Source as Source)?.FilterSet, partition.End);
        var tellMetric = attach.DesiredCapabilities?.Any(capability => capability == RuntimeMetric.Capability) == true;
        var receivers = _receivers.GetOrAdd(
            new EntityPath(EntityKind.ConsumerGroupPartition, hub.Name, partition.Id, group), _ => new ReceiverEpochs());
        var receiver = new ReceiveLink(peer, link, name, partition, receivers, start, ReadEpoch(attach), tellMetric, logger);
        var displaced = receivers.Enter(receiver);
        foreach (var other in displaced)
            other.Displace(receiver.Epoch);
        try
        {
            receiver.Attach(attach, limits.RequestBytesMax);
        }
        catch
        {
            receivers.Leave(receiver);
            throw;
        }
    }

    /// <summary>The peer sends.</summary>
    private void AttachTarget(Peer peer, ListenerLink link, Attach attach, EntityPath entity)
    {
        switch (entity.Kind)
        {
            case EntityKind.Cbs:
                new RequestLink(peer, link, null, request => CbsNode.Answer(request, peer.Grants), logger)
                    .Attach(attach, limits.RequestBytesMax);
                return;
            case EntityKind.Management:
                // The address does not say which hub is meant: each request does, and is checked for itself.
                peer.Grants.DemandAny();
                new RequestLink(peer, link, null, request => _management.Answer(request, peer.Grants), logger)
                    .Attach(attach, limits.RequestBytesMax);
                return;
            case EntityKind.Hub or EntityKind.Partition:
                var name = entity.ToString();
                peer.Grants.Demand(name);
                var partition = entity.Kind == EntityKind.Partition ? hub.Find(entity.Partition) : null;
                if (!IsHub(entity) || (entity.Kind == EntityKind.Partition && partition is null))
                    throw EntityPath.NotFound(name);
                new SendLink(peer, link, name, partition, _router, logger).Attach(attach, limits.EventBytesMax);
                return;
            default:
                throw new AmqpException(ErrorCode.NotAllowed,
                    $"\"{entity}\" cannot be sent to: a target is <hub>, or <hub>/Partitions/<id>.");
        }
    }

    private bool IsHub(EntityPath entity) => entity.Hub.Equals(hub.Name, StringComparison.OrdinalIgnoreCase);

    private static long? ReadEpoch(Attach attach) => attach.Properties?[EpochProperty] switch
    {
        null => null,
        IConvertible number => number.ToInt64(CultureInfo.InvariantCulture),
        var other => throw new AmqpException(ErrorCode.InvalidField, $"The epoch \"{other}\" is no number."),
    };
}
