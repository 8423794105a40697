using Amqp;

namespace BuildingMgmt.EventHubsEndpoint.Receiving;

/// <summary>Who receives from one partition for one consumer group: one receiver with an epoch, or up to five without.</summary>
internal sealed class ReceiverEpochs
{
    /// <summary>The service's limit of receivers without an epoch.</summary>
    public const int PlainMax = 5;

    private readonly Lock _lock = new();
    private readonly List<ReceiveLink> _receivers = [];

    /// <summary>Lets a receiver in, and returns those that it displaces: the caller takes them away.</summary>
    /// <exception cref="AmqpException">Another one has a higher epoch, or there are too many.</exception>
    public IReadOnlyList<ReceiveLink> Enter(ReceiveLink receiver)
    {
        lock (_lock)
        {
            var highest = _receivers.Max(other => other.Epoch);
            if (receiver.Epoch is { } epoch)
            {
                if (highest > epoch)
                {
                    throw new AmqpException(ErrorCode.Stolen,
                        $"A receiver with a higher epoch '{highest}' already exists. A new receiver with epoch {epoch} cannot be created.");
                }
                var displaced = _receivers.ToArray();
                _receivers.Clear();
                _receivers.Add(receiver);
                return displaced;
            }

            if (highest is not null)
            {
                throw new AmqpException(ErrorCode.Stolen,
                    $"A receiver with epoch '{highest}' exists, and so a receiver without one is not allowed. Give a higher epoch, or close that receiver.");
            }
            if (_receivers.Count >= PlainMax)
            {
                throw new AmqpException(ErrorCode.ResourceLimitExceeded,
                    $"Exceeded the maximum number of allowed receivers per partition in a consumer group, which is {PlainMax}.");
            }
            _receivers.Add(receiver);
            return [];
        }
    }

    public void Leave(ReceiveLink receiver)
    {
        lock (_lock)
            _receivers.Remove(receiver);
    }
}
