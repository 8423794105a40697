// The real assembly has no nullable annotations.
#nullable disable

using Amqp;
using BuildingMgmt.LocalRuntime.EventHubs;

namespace Azure.Messaging.EventHubs.Producer;

/// <summary>Sends events to a hub. Safe for any number of threads; make one and keep it.</summary>
public class EventHubProducerClient : IAsyncDisposable
{
    private const int PartitionKeyLengthMax = 128;

    private readonly ProducerLinks _links;
    private readonly TimeSpan _tryTimeout;

    /// <summary>Sends to the hub that the connection string names as <c>EntityPath</c>.</summary>
    public EventHubProducerClient(string connectionString)
        : this(connectionString, null, null)
    {
    }

    /// <summary>Sends to the hub that the connection string names as <c>EntityPath</c>.</summary>
    public EventHubProducerClient(string connectionString, EventHubProducerClientOptions clientOptions)
        : this(connectionString, null, clientOptions)
    {
    }

    /// <summary>Sends to the given hub.</summary>
    public EventHubProducerClient(string connectionString, string eventHubName)
        : this(connectionString, eventHubName, null)
    {
    }

    /// <summary>Sends to the given hub.</summary>
    public EventHubProducerClient(string connectionString, string eventHubName, EventHubProducerClientOptions clientOptions)
    {
        ArgumentException.ThrowIfNullOrEmpty(connectionString);
        var address = HubAddress.Parse(connectionString, eventHubName);
        var retry = clientOptions?.RetryOptions ?? new EventHubsRetryOptions();
        _tryTimeout = retry.TryTimeout;
        _links = new ProducerLinks(address, retry, TimeProvider.System);
        EventHubName = address.Hub;
        FullyQualifiedNamespace = address.Namespace;
        Identifier = clientOptions?.Identifier ?? Guid.NewGuid().ToString();
    }

    /// <summary>Host name of the endpoint.</summary>
    public string FullyQualifiedNamespace { get; }

    /// <summary>The hub.</summary>
    public string EventHubName { get; }

    /// <summary>Names the producer in logs.</summary>
    public string Identifier { get; }

    /// <summary>Whether it was closed.</summary>
    public bool IsClosed { get; protected set; }

    /// <summary>Asks the hub what it is.</summary>
    /// <exception cref="EventHubsException">The hub cannot be asked.</exception>
    public virtual Task<EventHubProperties> GetEventHubPropertiesAsync(CancellationToken cancellationToken = default) =>
        _links.RetryAsync(
            "Asking for the hub",
            async token => await HubManagement.HubPropertiesAsync(
                await _links.ConnectionAsync(token).ConfigureAwait(false), token).ConfigureAwait(false),
            cancellationToken);

    /// <summary>Asks the hub for its partitions.</summary>
    /// <exception cref="EventHubsException">The hub cannot be asked.</exception>
    public virtual async Task<string[]> GetPartitionIdsAsync(CancellationToken cancellationToken = default) =>
        (await GetEventHubPropertiesAsync(cancellationToken).ConfigureAwait(false)).PartitionIds;

    /// <summary>Asks the hub where a partition stands.</summary>
    /// <exception cref="EventHubsException">The hub cannot be asked, or has no such partition.</exception>
    public virtual Task<PartitionProperties> GetPartitionPropertiesAsync(
        string partitionId, CancellationToken cancellationToken = default) =>
        _links.RetryAsync(
            $"Asking for partition {partitionId}",
            async token => await HubManagement.PartitionPropertiesAsync(
                await _links.ConnectionAsync(token).ConfigureAwait(false), partitionId, token).ConfigureAwait(false),
            cancellationToken);

    /// <summary>Sends events, all or none; wherever the hub likes.</summary>
    /// <exception cref="EventHubsException">They are too large together, or the hub did not take them; some tries may have been made.</exception>
    public virtual Task SendAsync(IEnumerable<EventData> eventBatch, CancellationToken cancellationToken = default) =>
        SendAsync(eventBatch, null, cancellationToken);

    /// <summary>Sends events, all or none. After an error the hub may still have them: sending again can double them.</summary>
    /// <exception cref="EventHubsException">They are too large together, or the hub did not take them; some tries may have been made.</exception>
    public virtual Task SendAsync(
        IEnumerable<EventData> eventBatch, SendEventOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(eventBatch);
        options ??= new SendEventOptions();
        Check(options);
        var events = eventBatch as IReadOnlyList<EventData> ?? [.. eventBatch];
        switch (events.Count)
        {
            case 0:
                return Task.CompletedTask;
            case 1:
                // As the real client does: one event travels as itself, not as a batch of one.
                return SendAsync(() => EventEncoder.ToMessage(events[0], options.PartitionKey), options, cancellationToken);
            default:
                var encoded = new ByteBuffer[events.Count];
                for (var i = 0; i < encoded.Length; i++)
                    encoded[i] = EventEncoder.ToMessage(events[i], options.PartitionKey).Encode();
                return SendAsync(() => EventEncoder.ToBatch(encoded, options.PartitionKey), options, cancellationToken);
        }
    }

    /// <summary>Sends a batch, all or none. After an error the hub may still have it: sending again can double it.</summary>
    /// <exception cref="EventHubsException">The hub did not take it; some tries may have been made.</exception>
    public virtual async Task SendAsync(EventDataBatch eventBatch, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(eventBatch);
        var events = eventBatch.BeginSending();
        try
        {
            if (events.Count > 0)
            {
                await SendAsync(() => EventEncoder.ToBatch(events, eventBatch.Options.PartitionKey), eventBatch.Options, cancellationToken)
                    .ConfigureAwait(false);
            }
        }
        finally
        {
            eventBatch.EndSending();
        }
    }

    /// <summary>An empty batch of the size that the hub takes.</summary>
    /// <exception cref="EventHubsException">The hub cannot be asked for its size.</exception>
    public virtual ValueTask<EventDataBatch> CreateBatchAsync(CancellationToken cancellationToken = default) =>
        CreateBatchAsync(null, cancellationToken);

    /// <summary>An empty batch.</summary>
    /// <exception cref="EventHubsException">The hub cannot be asked for its size.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The size asked for is more than the hub takes.</exception>
    public virtual async ValueTask<EventDataBatch> CreateBatchAsync(
        CreateBatchOptions options, CancellationToken cancellationToken = default)
    {
        options ??= new CreateBatchOptions();
        Check(options);
        var limit = await _links.RetryAsync(
            "Asking for the largest message",
            async token => (await _links.SenderAsync(options.PartitionId, token).ConfigureAwait(false)).MaximumMessageSize,
            cancellationToken).ConfigureAwait(false);
        if (options.MaximumSizeInBytes is { } size)
            ArgumentOutOfRangeException.ThrowIfGreaterThan(size, limit, nameof(options));
        return new EventDataBatch(options.MaximumSizeInBytes ?? limit, options);
    }

    /// <summary>Closes links and connection; sends still under way fail.</summary>
    public virtual async Task CloseAsync(CancellationToken cancellationToken = default)
    {
        if (IsClosed)
            return;
        IsClosed = true;
        await _links.DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Closes the producer.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }

    /// <inheritdoc/>
    public override string ToString() => base.ToString();

    private static void Check(SendEventOptions options)
    {
        if (options.PartitionId is not null && options.PartitionKey is not null)
            throw new InvalidOperationException("A partition key and a partition id cannot both be given; the key chooses the partition.");
        if (options.PartitionKey is { Length: > PartitionKeyLengthMax } key)
            throw new ArgumentOutOfRangeException(nameof(options), $"The partition key has {key.Length} characters; {PartitionKeyLengthMax} is the most.");
    }

    private Task<bool> SendAsync(Func<Message> makeMessage, SendEventOptions options, CancellationToken cancellationToken) =>
        _links.RetryAsync(
            $"Sending to {_links.Address}",
            async token =>
            {
                var sender = await _links.SenderAsync(options.PartitionId, token).ConfigureAwait(false);
                var message = makeMessage();
                var size = message.GetEstimatedMessageSize();
                if (size > sender.MaximumMessageSize)
                {
                    throw new EventHubsException(
                        false,
                        EventHubName,
                        $"The events are about {size} bytes together; the hub takes {sender.MaximumMessageSize}. Send fewer at once.",
                        EventHubsException.FailureReason.MessageSizeExceeded,
                        null);
                }

                await sender.SendAsync(message, _tryTimeout, token).ConfigureAwait(false);
                return true;
            },
            cancellationToken);
}
