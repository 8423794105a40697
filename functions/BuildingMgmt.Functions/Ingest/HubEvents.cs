using System.Text;
using System.Text.Json;
using Azure.Core.Amqp;
using Azure.Messaging.EventHubs;
using Microsoft.Azure.Functions.Worker;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>What the Event Hubs trigger gives, in ingest's own terms.</summary>
internal static class HubEvents
{
    /// <summary>Application property, true on the events of readings that were posted over HTTP.</summary>
    public const string Posted = "posted";

    private const string ContentEncoding = "content-encoding";

    // Set by IoT Hub as a message annotation, which an application property of the same name, set by the device, is not.
    private const string DeviceIdAnnotation = "iothub-connection-device-id";

    /// <summary>The partition that a batch of events comes from.</summary>
    /// <exception cref="InvalidOperationException">The trigger did not say it.</exception>
    public static HubPartition Partition(FunctionContext context)
    {
        // JSON text in the worker's binding data: {"FullyQualifiedNamespace","EventHubName","ConsumerGroup","PartitionId"}.
        if (context.BindingContext.BindingData.TryGetValue("PartitionContext", out var data) && data is string json)
        {
            using var partition = JsonDocument.Parse(json);
            if (partition.RootElement.TryGetProperty("FullyQualifiedNamespace", out var space)
                && partition.RootElement.TryGetProperty("EventHubName", out var hub)
                && partition.RootElement.TryGetProperty("PartitionId", out var partitionId)
                && space.GetString() is { Length: > 0 } spaceName
                && hub.GetString() is { Length: > 0 } hubName
                && partitionId.GetString() is { Length: > 0 } id)
            {
                // Neither has case: a connection string that is written anew must not make another hub of it.
                return new HubPartition($"{spaceName}/{hubName}".ToLowerInvariant(), id);
            }
        }

        throw new InvalidOperationException(
            "The Event Hubs trigger gave no PartitionContext with a namespace, a hub and a partition: what is stored cannot be told from what is not.");
    }

    /// <summary>The events, their bodies not copied.</summary>
    /// <param name="withDeviceIds">Whether the device that IoT Hub names is to be believed.</param>
    public static IncomingEvent[] Read(EventData[] events, bool withDeviceIds) => Array.ConvertAll(
        events, data => new IncomingEvent(Body(data), EncodingOf(data), data.SequenceNumber, data.EnqueuedTime, IsPosted(data))
        {
            ContentType = data.ContentType,
            DeviceId = withDeviceIds ? DeviceIdOf(data) : null,
        });

    // As text, whatever its type: one that is there and cannot be a gateway's id must not be taken for none.
    private static string? DeviceIdOf(EventData data) =>
        data.GetRawAmqpMessage().MessageAnnotations.TryGetValue(DeviceIdAnnotation, out var id) ? id?.ToString() ?? "" : null;

    private static bool IsPosted(EventData data) => data.Properties.TryGetValue(Posted, out var posted) && posted is true;

    // The AMQP property is where it belongs; the application property is where gateways can put it whose client hides that one.
    private static string? EncodingOf(EventData data)
    {
        if (data.GetRawAmqpMessage().Properties.ContentEncoding is { Length: > 0 } encoding)
            return encoding;
        foreach (var (name, value) in data.Properties)
        {
            if (name.Equals(ContentEncoding, StringComparison.OrdinalIgnoreCase))
                return value as string;
        }

        return null;
    }

    private static ReadOnlyMemory<byte> Body(EventData data)
    {
        var message = data.GetRawAmqpMessage();
        if (message.Body.BodyType == AmqpMessageBodyType.Data)
            return data.Body;
        if (!message.Body.TryGetValue(out var value))
            return message.ToBytes().ToMemory();

        // Clients that send a value instead of data send a batch all the same, as text or bytes. Anything else ends as an
        // unreadable event, with all of its message.
        return value switch
        {
            string text => Encoding.UTF8.GetBytes(text),
            byte[] bytes => bytes,
            ReadOnlyMemory<byte> bytes => bytes,
            ArraySegment<byte> bytes => bytes,
            _ => message.ToBytes().ToMemory(),
        };
    }
}
