namespace BuildingMgmt.EventHubsEndpoint;

/// <summary>The endpoint cannot start; the message says to the operator why, and what to do.</summary>
internal sealed class StartException(string message) : Exception(message);
