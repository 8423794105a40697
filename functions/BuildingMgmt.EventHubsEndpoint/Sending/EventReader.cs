using System.Diagnostics.CodeAnalysis;
using BuildingMgmt.EventHubsEndpoint.Log;
using BuildingMgmt.EventHubsEndpoint.Wire;

namespace BuildingMgmt.EventHubsEndpoint.Sending;

/// <summary>Finds the events in a transfer's payload, without copying or decoding them.</summary>
internal static class EventReader
{
    /// <summary>Message format of a batch: each data section of its body is one whole encoded event.</summary>
    public const uint BatchFormat = 0x80013700;

    /// <summary>Reads one event, or a batch.</summary>
    /// <param name="partitionKey">UTF-8; that of the batch, or of the one event. Empty when none.</param>
    /// <param name="error">Why nothing can be stored, for the sender to read.</param>
    public static bool TryRead(
        uint format, ReadOnlyMemory<byte> payload, [NotNullWhen(true)] out List<PendingEvent>? events,
        out ReadOnlyMemory<byte> partitionKey, [NotNullWhen(false)] out string? error)
    {
        events = null;
        partitionKey = default;
        error = null;
        var bytes = payload.Span;
        if (!EventSections.TryRead(bytes, out var sections))
        {
            error = "The message is not a sequence of AMQP message sections.";
            return false;
        }
        var key = EventAnnotations.FindPartitionKey(bytes, sections);
        if (key.Length > EventAnnotations.PartitionKeyBytesMax)
        {
            error = $"The partition key has {key.Length} bytes; {EventAnnotations.PartitionKeyBytesMax} are taken.";
            return false;
        }
        if (!key.IsEmpty && bytes.Overlaps(key, out var keyStart))
            partitionKey = payload.Slice(keyStart, key.Length);

        if (format != BatchFormat)
        {
            events = [new PendingEvent(0, bytes.Length, sections)];
            return true;
        }
        return TryReadBatch(bytes, sections.RestStart, out events, out error);
    }

    private static bool TryReadBatch(
        ReadOnlySpan<byte> bytes, int bodyStart, [NotNullWhen(true)] out List<PendingEvent>? events, [NotNullWhen(false)] out string? error)
    {
        var found = new List<PendingEvent>();
        var reader = new AmqpReader(bytes[bodyStart..]);
        events = null;
        error = null;
        while (!reader.AtEnd)
        {
            if (reader.ReadDescriptor() != Descriptors.Data)
            {
                reader.Skip();
                continue;
            }
            if (!reader.TryReadBinary(out var message) || !EventSections.TryRead(message, out var sections))
            {
                error = $"Event {found.Count} of the batch is not a sequence of AMQP message sections.";
                return false;
            }
            found.Add(new PendingEvent(bodyStart + reader.Position - message.Length, message.Length, sections));
        }
        if (found.Count == 0)
            error = "The batch has no event.";
        else
            events = found;
        return events is not null;
    }
}
