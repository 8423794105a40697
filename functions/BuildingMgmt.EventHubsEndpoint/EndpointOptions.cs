using BuildingMgmt.EventHubsEndpoint.Log;
using BuildingMgmt.EventHubsEndpoint.Security;
using BuildingMgmt.EventHubsEndpoint.Transport;

namespace BuildingMgmt.EventHubsEndpoint;

/// <summary>How one endpoint is run.</summary>
internal sealed record EndpointOptions
{
    /// <summary>The group that every hub has.</summary>
    public const string DefaultConsumerGroup = "$Default";

    /// <summary>On 127.0.0.1; zero takes a free one.</summary>
    public required int Port { get; init; }

    /// <summary>Where the hub's folder lies.</summary>
    public required string DataFolder { get; init; }

    public required string Hub { get; init; }

    public required SharedAccessKey Key { get; init; }

    /// <summary>From 1 to <see cref="HubLog.PartitionsMax"/>; null takes what the hub has, or <see cref="HubLog.PartitionsByDefault"/>.</summary>
    public int? Partitions { get; init; }

    public IReadOnlyList<string> ConsumerGroups { get; init; } = [DefaultConsumerGroup];

    public LogOptions Log { get; init; } = new();

    public PeerLimits Limits { get; init; } = new();
}
