using Amqp;
using Amqp.Framing;
using Amqp.Types;
using Azure.Messaging.EventHubs;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>Asks the hub's management node.</summary>
internal static class HubManagement
{
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(5);

    public static async Task<EventHubProperties> HubPropertiesAsync(HubConnection connection, CancellationToken cancellationToken)
    {
        var answer = await ReadAsync(connection, "com.microsoft:eventhub", partition: null, cancellationToken).ConfigureAwait(false);
        var ids = (answer["partition_ids"] as object[] ?? []).Select(id => id.ToString()!).ToArray();
        return new ReceivedHubProperties(answer["name"]?.ToString(), Utc(answer["created_at"]), ids);
    }

    public static async Task<PartitionProperties> PartitionPropertiesAsync(
        HubConnection connection, string partition, CancellationToken cancellationToken)
    {
        var answer = await ReadAsync(connection, "com.microsoft:partition", partition, cancellationToken).ConfigureAwait(false);
        return new ReceivedPartitionProperties(
            connection.Address.Hub,
            partition,
            answer["is_partition_empty"] is true,
            answer["begin_sequence_number"] is long begin ? begin : 0,
            answer["last_enqueued_sequence_number"] is long last ? last : -1,
            answer["last_enqueued_offset"]?.ToString(),
            Utc(answer["last_enqueued_time_utc"]));
    }

    private static async Task<Map> ReadAsync(
        HubConnection connection, string type, string? partition, CancellationToken cancellationToken)
    {
        var properties = new ApplicationProperties
        {
            ["operation"] = "READ",
            ["name"] = connection.Address.Hub,
            ["type"] = type,
            ["security_token"] = connection.NewToken(TokenLifetime),
        };
        if (partition is not null)
            properties["partition"] = partition;
        await using var link = await RequestLink.OpenAsync(connection, "$management", cancellationToken).ConfigureAwait(false);
        var answer = await link.RequestAsync(new Message { ApplicationProperties = properties }, cancellationToken).ConfigureAwait(false);
        return answer.Body as Map ?? throw new EventHubsException(
            false, connection.Address.Hub, $"$management answered READ of \"{type}\" with something that is no map.",
            EventHubsException.FailureReason.GeneralError, null);
    }

    private static DateTimeOffset Utc(object? time) =>
        time is DateTime value ? new DateTimeOffset(DateTime.SpecifyKind(value, DateTimeKind.Utc)) : default;

    private sealed class ReceivedHubProperties(string? name, DateTimeOffset createdOn, string[] partitionIds)
        : EventHubProperties(name, createdOn, partitionIds, false);

    private sealed class ReceivedPartitionProperties(
        string hub, string partition, bool isEmpty, long begin, long last, string? offset, DateTimeOffset enqueued)
        : PartitionProperties(hub, partition, isEmpty, begin, last, offset, enqueued);
}
