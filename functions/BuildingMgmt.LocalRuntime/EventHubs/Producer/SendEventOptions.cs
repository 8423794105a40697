// The real assembly has no nullable annotations.
#nullable disable

namespace Azure.Messaging.EventHubs.Producer;

/// <summary>Where events go: by key, to one partition, or (with neither) wherever the hub likes.</summary>
public class SendEventOptions
{
    /// <summary>Exactly this partition. Not together with a key.</summary>
    public string PartitionId { get; set; }

    /// <summary>Events of one key share a partition; at most 128 characters.</summary>
    public string PartitionKey { get; set; }
}

/// <summary>Where the events of a batch go, and how large it may become.</summary>
public class CreateBatchOptions : SendEventOptions
{
    /// <summary>Largest size of the encoded batch in bytes; null means what the hub takes.</summary>
    public long? MaximumSizeInBytes { get; set; }
}

/// <summary>How a producer behaves.</summary>
public class EventHubProducerClientOptions
{
    /// <summary>Names the producer in logs; a new id when null.</summary>
    public string Identifier { get; set; }

    /// <summary>How failed sends are tried again.</summary>
    public EventHubsRetryOptions RetryOptions { get; set; } = new();
}
