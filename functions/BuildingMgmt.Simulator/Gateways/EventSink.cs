namespace BuildingMgmt.Simulator.Gateways;

/// <summary>Where gateways' events go.</summary>
internal interface IEventSink
{
    /// <summary>Sends events of one gateway, all or none, in their order. Returns once they are safe.</summary>
    /// <exception cref="HubRefusedException">Trying again will not help.</exception>
    /// <exception cref="HubAwayException">The hub cannot be reached, or did not say whether it took the events.</exception>
    Task SendAsync(string gatewayId, IReadOnlyList<GatewayEvent> events, CancellationToken cancellationToken);
}

/// <summary>The hub did not take the events, or its answer was lost; sending them again may help.</summary>
internal sealed class HubAwayException(string message, Exception inner) : Exception(message, inner);

/// <summary>The hub will never take the events.</summary>
internal sealed class HubRefusedException(string message, Exception inner) : Exception(message, inner);
