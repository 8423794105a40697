// The real assembly has no nullable annotations.
#nullable disable

using Amqp;
using BuildingMgmt.LocalRuntime.EventHubs;

namespace Azure.Messaging.EventHubs.Producer;

/// <summary>Events that go together, all or none, and that are known to fit.</summary>
public sealed class EventDataBatch : IDisposable
{
    private readonly List<ByteBuffer> _events = [];
    private readonly Lock _lock = new();
    private bool _sending;

    internal EventDataBatch(long maximumSizeInBytes, SendEventOptions options)
    {
        MaximumSizeInBytes = maximumSizeInBytes;
        Options = options;
        SizeInBytes = EventEncoder.EnvelopeSize(options.PartitionKey);
    }

    /// <summary>Largest size of the encoded batch in bytes.</summary>
    public long MaximumSizeInBytes { get; }

    /// <summary>Size of the encoded batch so far, in bytes.</summary>
    public long SizeInBytes { get; private set; }

    /// <summary>Events in it.</summary>
    public int Count => _events.Count;

    internal SendEventOptions Options { get; }

    /// <summary>Adds an event as it is now, unless the batch would become too large.</summary>
    /// <returns>False when it does not fit: send the batch and put the event into a new one.</returns>
    /// <exception cref="InvalidOperationException">The batch is being sent.</exception>
    public bool TryAdd(EventData eventData)
    {
        ArgumentNullException.ThrowIfNull(eventData);
        var encoded = EventEncoder.ToMessage(eventData, Options.PartitionKey).Encode();
        lock (_lock)
        {
            if (_sending)
                throw new InvalidOperationException("The batch is being sent; put the event into a new one.");
            var size = SizeInBytes + EventEncoder.SizeInBatch(encoded.Length);
            if (size > MaximumSizeInBytes)
                return false;
            SizeInBytes = size;
            _events.Add(encoded);
            return true;
        }
    }

    /// <summary>Gives the encoded events back.</summary>
    /// <exception cref="InvalidOperationException">The batch is being sent.</exception>
    public void Dispose()
    {
        lock (_lock)
        {
            if (_sending)
                throw new InvalidOperationException("The batch is being sent; dispose it afterwards.");
            _events.Clear();
        }
    }

    internal IReadOnlyList<ByteBuffer> BeginSending()
    {
        lock (_lock)
        {
            if (_sending)
                throw new InvalidOperationException("The batch is being sent already.");
            _sending = true;
            return _events;
        }
    }

    internal void EndSending()
    {
        lock (_lock)
            _sending = false;
    }
}
