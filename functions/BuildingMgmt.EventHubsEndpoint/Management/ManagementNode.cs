using Amqp;
using Amqp.Types;
using BuildingMgmt.EventHubsEndpoint.Log;
using BuildingMgmt.EventHubsEndpoint.Security;
using BuildingMgmt.EventHubsEndpoint.Transport;

namespace BuildingMgmt.EventHubsEndpoint.Management;

/// <summary>Tells what the hub and its partitions are, on <c>$management</c>.</summary>
internal sealed class ManagementNode(HubLog hub)
{
    private const string HubType = "com.microsoft:eventhub";
    private const string PartitionType = "com.microsoft:partition";

    public Response Answer(Message request, Grants grants)
    {
        var properties = request.ApplicationProperties;
        if (properties?["operation"] as string != "READ")
            return new Response(400, "The only operation of $management is \"READ\".", Condition: ErrorCode.NotAllowed);
        var name = properties["name"] as string ?? "";
        if (!grants.IsOpen($"{name}/$management"))
            return new Response(401, $"No valid token for \"{name}/$management\" was put.", Condition: ErrorCode.UnauthorizedAccess);
        if (!name.Equals(hub.Name, StringComparison.OrdinalIgnoreCase))
            return NotFound(name);

        switch (properties["type"] as string)
        {
            case HubType:
                return new Response(200, "OK", DescribeHub());
            case PartitionType:
                var id = properties["partition"] as string;
                return id is not null && hub.Find(id) is { } partition
                    ? new Response(200, "OK", DescribePartition(partition))
                    : NotFound($"{name}/Partitions/{id}");
            default:
                return new Response(400, $"Type \"{properties["type"]}\" is not known.", Condition: ErrorCode.InvalidField);
        }
    }

    private Map DescribeHub() => new()
    {
        ["name"] = hub.Name,
        ["type"] = HubType,
        ["created_at"] = hub.CreatedAt.UtcDateTime,
        ["partition_count"] = hub.Partitions.Count,
        ["partition_ids"] = hub.Partitions.Select(partition => partition.Id).ToArray(),
        ["georeplication_factor"] = 1,
    };

    private Map DescribePartition(PartitionLog partition)
    {
        var end = partition.End;
        return new Map
        {
            ["name"] = hub.Name,
            ["type"] = PartitionType,
            ["partition"] = partition.Id,
            ["begin_sequence_number"] = end.BeginSequenceNumber,
            ["last_enqueued_sequence_number"] = end.NextSequenceNumber - 1,
            ["last_enqueued_offset"] = end.LastOffsetText,
            ["last_enqueued_time_utc"] = DateTimeOffset.FromUnixTimeMilliseconds(end.LastTimeMs).UtcDateTime,
            ["is_partition_empty"] = end.IsEmpty,
        };
    }

    private static Response NotFound(string what) =>
        new(404, EntityPath.NotFoundText(what), Condition: ErrorCode.NotFound);
}
