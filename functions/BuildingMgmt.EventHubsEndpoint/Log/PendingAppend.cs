using BuildingMgmt.EventHubsEndpoint.Wire;

namespace BuildingMgmt.EventHubsEndpoint.Log;

/// <summary>Events that are to be stored together or not at all. One of the two outcomes is called, once, on a pool thread.</summary>
internal abstract class PendingAppend
{
    /// <summary>The bytes in which the events lie; untouched until an outcome is called.</summary>
    public required ReadOnlyMemory<byte> Payload { get; init; }

    public required IReadOnlyList<PendingEvent> Events { get; init; }

    /// <summary>Key of the whole batch, UTF-8; empty when it has none, or when its one event carries its own.</summary>
    public ReadOnlyMemory<byte> PartitionKey { get; init; }

    /// <summary>The events are on disk.</summary>
    public abstract void OnAccepted();

    /// <summary>Nothing of it was stored.</summary>
    /// <param name="reason">What failed, for the sender to read.</param>
    public abstract void OnRejected(string reason);
}

/// <summary>One event within a payload.</summary>
/// <param name="Start">Of its message in the payload.</param>
/// <param name="Length">Of its message, bytes.</param>
internal readonly record struct PendingEvent(int Start, int Length, EventSections Sections);
