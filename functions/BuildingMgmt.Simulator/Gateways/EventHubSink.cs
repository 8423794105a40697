using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Producer;

namespace BuildingMgmt.Simulator.Gateways;

/// <summary>Sends to an event hub; the partition key is the gateway's id, so that a gateway's events stay in order.</summary>
internal sealed class EventHubSink : IEventSink, IAsyncDisposable
{
    private readonly EventHubProducerClient _producer;

    public EventHubSink(string connectionString, string hub)
    {
        // No retries inside the client: the gateway has its own, and knows by them how many readings may have arrived twice.
        var options = new EventHubProducerClientOptions();
        options.RetryOptions.MaximumRetries = 0;
        options.RetryOptions.TryTimeout = TimeSpan.FromSeconds(20);
        _producer = new EventHubProducerClient(connectionString, hub, options);
    }

    /// <summary>The hub as ingest keeps its positions: namespace and name, lower case.</summary>
    public string HubId => $"{_producer.FullyQualifiedNamespace}/{_producer.EventHubName}".ToLowerInvariant();

    public Task SendAsync(string gatewayId, IReadOnlyList<GatewayEvent> events, CancellationToken cancellationToken) =>
        AskAsync(
            $"take events of gateway \"{gatewayId}\"",
            async () =>
            {
                await _producer.SendAsync(
                    events.Select(ToEventData), new SendEventOptions { PartitionKey = gatewayId }, cancellationToken);
                return true;
            },
            cancellationToken);

    /// <summary>Sequence number of the last event in each partition that holds one.</summary>
    /// <exception cref="HubRefusedException">Trying again will not help.</exception>
    /// <exception cref="HubAwayException">The hub cannot be reached.</exception>
    public Task<IReadOnlyDictionary<string, long>> LastSequenceNumbersAsync(CancellationToken cancellationToken) =>
        AskAsync<IReadOnlyDictionary<string, long>>(
            "say how far its partitions go",
            async () =>
            {
                var last = new Dictionary<string, long>();
                foreach (var partition in await _producer.GetPartitionIdsAsync(cancellationToken))
                {
                    var properties = await _producer.GetPartitionPropertiesAsync(partition, cancellationToken);
                    if (!properties.IsEmpty)
                        last[partition] = properties.LastEnqueuedSequenceNumber;
                }

                return last;
            },
            cancellationToken);

    public ValueTask DisposeAsync() => _producer.DisposeAsync();

    private static EventData ToEventData(GatewayEvent sent)
    {
        var data = new EventData(sent.Body) { ContentType = "application/json" };
        if (sent.IsGzip)
            data.GetRawAmqpMessage().Properties.ContentEncoding = "gzip";
        return data;
    }

    private static async Task<T> AskAsync<T>(string what, Func<Task<T>> ask, CancellationToken cancellationToken)
    {
        try
        {
            return await ask();
        }
        catch (Exception exception) when (WillNeverHelp(exception))
        {
            throw new HubRefusedException($"The event hub refuses to {what}: {exception.Message}", exception);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw new HubAwayException($"The event hub did not {what}: {exception.Message}", exception);
        }
    }

    private static bool WillNeverHelp(Exception exception) =>
        exception is UnauthorizedAccessException or EventHubsException
        {
            Reason: EventHubsException.FailureReason.MessageSizeExceeded or EventHubsException.FailureReason.ResourceNotFound,
        };
}
