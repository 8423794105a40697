// The real assembly has no nullable annotations.
#nullable disable

namespace Azure.Messaging.EventHubs.Producer;

/// <summary>Events that go together, all or none, and that are known to fit.</summary>
public sealed class EventDataBatch : IDisposable
{
    internal EventDataBatch(long maximumSizeInBytes, SendEventOptions options)
    {
        MaximumSizeInBytes = maximumSizeInBytes;
        Options = options;
    }

    /// <summary>Largest size of the encoded batch in bytes.</summary>
    public long MaximumSizeInBytes { get; }

    /// <summary>Size of the encoded batch so far, in bytes.</summary>
    public long SizeInBytes { get; private set; }

    /// <summary>Events in it.</summary>
    public int Count { get; private set; }

    internal SendEventOptions Options { get; }

    /// <summary>Adds an event as it is now, unless the batch would become too large.</summary>
    /// <returns>False when it does not fit: send the batch and put the event into a new one.</returns>
    public bool TryAdd(EventData eventData) => throw new NotImplementedException();

    /// <summary>Gives the encoded events back.</summary>
    public void Dispose()
    {
    }
}
