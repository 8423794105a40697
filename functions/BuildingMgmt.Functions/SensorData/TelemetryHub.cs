using System.IO.Compression;
using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Producer;
using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Ingest;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.SensorData;

/// <summary>The event hub that gateways send to, as a sender.</summary>
public sealed class TelemetryHub : IAsyncDisposable
{
    /// <summary>Name of the hub.</summary>
    public const string HubName = "telemetry";

    // An event holds at most 1 MiB with its envelope; readings shrink to about a tenth.
    private const int GzipFromBytes = 32 * 1024;

    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(2);

    private readonly EventHubProducerClient producer;
    private readonly TimeSpan sendTimeout;

    /// <summary>Makes the client; connects to nothing yet.</summary>
    public TelemetryHub(IConfiguration configuration, IOptions<SensorDataOptions> options)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(options);
        sendTimeout = TimeSpan.FromSeconds(options.Value.SendTimeoutSeconds);
        producer = new EventHubProducerClient(
            configuration["EventHubs"],
            HubName,
            new EventHubProducerClientOptions { RetryOptions = { TryTimeout = sendTimeout, MaximumRetries = 3 } });
    }

    /// <summary>Sends one gateway batch; when this returns, the hub has it on disk.</summary>
    /// <param name="batchUtf8">JSON in the format of gateway batches.</param>
    /// <param name="gatewayId">Partition key: the batches of one sender stay in order.</param>
    /// <param name="cancellationToken">Ends the waiting; the batch may have been accepted nevertheless.</param>
    /// <exception cref="ProblemException">503: the hub did not accept it in time, or 413.</exception>
    public async Task SendAsync(ReadOnlyMemory<byte> batchUtf8, string gatewayId, CancellationToken cancellationToken)
    {
        var isLarge = batchUtf8.Length >= GzipFromBytes;
        var data = new EventData(isLarge ? Gzip(batchUtf8) : batchUtf8) { ContentType = "application/json" };
        data.Properties[HubEvents.Posted] = true;
        if (isLarge)
            data.GetRawAmqpMessage().Properties.ContentEncoding = "gzip";

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(sendTimeout);
        try
        {
            await producer.SendAsync([data], new SendEventOptions { PartitionKey = gatewayId }, timeout.Token);
        }
        catch (EventHubsException e) when (e.Reason == EventHubsException.FailureReason.MessageSizeExceeded)
        {
            throw new ProblemException(new Problem(
                StatusCodes.Status413PayloadTooLarge, "body too large", "The readings are too large for one event, even compressed.")
            {
                Hint = "Send them in several requests.",
            });
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ProblemException(Problem.Unavailable("The event hub is away.", RetryAfter));
        }
    }

    /// <summary>Asks the hub for its partitions, to see whether it answers.</summary>
    public Task<string[]> GetPartitionIdsAsync(CancellationToken cancellationToken) => producer.GetPartitionIdsAsync(cancellationToken);

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => producer.DisposeAsync();

    private static BinaryData Gzip(ReadOnlyMemory<byte> bytes)
    {
        using var compressed = new MemoryStream(bytes.Length / 4);
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true))
            gzip.Write(bytes.Span);
        return BinaryData.FromBytes(compressed.ToArray());
    }
}
