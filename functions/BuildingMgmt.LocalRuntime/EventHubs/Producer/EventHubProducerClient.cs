// The real assembly has no nullable annotations.
#nullable disable

namespace Azure.Messaging.EventHubs.Producer;

/// <summary>Sends events to a hub. Safe for any number of threads; make one and keep it.</summary>
public class EventHubProducerClient : IAsyncDisposable
{
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
        EventHubName = eventHubName;
        Identifier = clientOptions?.Identifier ?? Guid.NewGuid().ToString();
    }

    /// <summary>Host name of the endpoint.</summary>
    public string FullyQualifiedNamespace { get; } = "";

    /// <summary>The hub.</summary>
    public string EventHubName { get; }

    /// <summary>Names the producer in logs.</summary>
    public string Identifier { get; }

    /// <summary>Whether it was closed.</summary>
    public bool IsClosed { get; protected set; }

    /// <summary>Asks the hub what it is.</summary>
    public virtual Task<EventHubProperties> GetEventHubPropertiesAsync(CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Asks the hub for its partitions.</summary>
    public virtual Task<string[]> GetPartitionIdsAsync(CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Asks the hub where a partition stands.</summary>
    public virtual Task<PartitionProperties> GetPartitionPropertiesAsync(
        string partitionId, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Sends events, all or none; wherever the hub likes.</summary>
    public virtual Task SendAsync(IEnumerable<EventData> eventBatch, CancellationToken cancellationToken = default) =>
        SendAsync(eventBatch, null, cancellationToken);

    /// <summary>Sends events, all or none.</summary>
    public virtual Task SendAsync(
        IEnumerable<EventData> eventBatch, SendEventOptions options, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>Sends a batch, all or none.</summary>
    public virtual Task SendAsync(EventDataBatch eventBatch, CancellationToken cancellationToken = default) =>
        throw new NotImplementedException();

    /// <summary>An empty batch of the size that the hub takes.</summary>
    public virtual ValueTask<EventDataBatch> CreateBatchAsync(CancellationToken cancellationToken = default) =>
        CreateBatchAsync(null, cancellationToken);

    /// <summary>An empty batch.</summary>
    public virtual ValueTask<EventDataBatch> CreateBatchAsync(
        CreateBatchOptions options, CancellationToken cancellationToken = default) => throw new NotImplementedException();

    /// <summary>Closes links and connection; sends still under way fail.</summary>
    public virtual Task CloseAsync(CancellationToken cancellationToken = default)
    {
        IsClosed = true;
        return Task.CompletedTask;
    }

    /// <summary>Closes the producer.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        await CloseAsync().ConfigureAwait(false);
        GC.SuppressFinalize(this);
    }
}
