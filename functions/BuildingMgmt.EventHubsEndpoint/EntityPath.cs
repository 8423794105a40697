using Amqp;

namespace BuildingMgmt.EventHubsEndpoint;

internal enum EntityKind
{
    Hub,
    Partition,
    ConsumerGroupPartition,
    Cbs,
    Management,
}

/// <summary>What the address of a link's source or target names.</summary>
internal readonly record struct EntityPath(EntityKind Kind, string Hub = "", string Partition = "", string ConsumerGroup = "")
{
    /// <exception cref="AmqpException"><c>amqp:not-found</c>: it is none of the addresses that a hub has.</exception>
    public static EntityPath Parse(string? address)
    {
        // Clients may give a whole URI.
        var path = Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Host.Length > 0
            ? Uri.UnescapeDataString(uri.AbsolutePath)
            : address ?? "";
        var parts = path.Trim('/').Split('/');
        return parts switch
        {
            ["$cbs"] => new EntityPath(EntityKind.Cbs),
            ["$management"] => new EntityPath(EntityKind.Management),
            [var hub, "$management"] => new EntityPath(EntityKind.Management, hub),
            [var hub] when hub.Length > 0 => new EntityPath(EntityKind.Hub, hub),
            [var hub, var word, var partition] when Is(word, "Partitions") =>
                new EntityPath(EntityKind.Partition, hub, partition),
            [var hub, var groups, var group, var word, var partition] when Is(groups, "ConsumerGroups") && Is(word, "Partitions") =>
                new EntityPath(EntityKind.ConsumerGroupPartition, hub, partition, group),
            _ => throw NotFound(address ?? ""),
        };
    }

    /// <summary>The refusal of something that is not there, in the words by which the JavaScript client knows it.</summary>
    public static AmqpException NotFound(string what) => new(ErrorCode.NotFound, NotFoundText(what));

    public static string NotFoundText(string what) => $"The messaging entity '{what}' could not be found.";

    public override string ToString() => Kind switch
    {
        EntityKind.Cbs => "$cbs",
        EntityKind.Management => "$management",
        EntityKind.Hub => Hub,
        EntityKind.Partition => $"{Hub}/Partitions/{Partition}",
        _ => $"{Hub}/ConsumerGroups/{ConsumerGroup}/Partitions/{Partition}",
    };

    private static bool Is(string word, string expected) => word.Equals(expected, StringComparison.OrdinalIgnoreCase);
}
