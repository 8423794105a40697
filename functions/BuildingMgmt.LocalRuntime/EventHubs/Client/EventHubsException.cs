// The real assembly has no nullable annotations.
#nullable disable

namespace Azure.Messaging.EventHubs;

/// <summary>Event Hubs, or the way to it, failed.</summary>
public class EventHubsException : Exception
{
    /// <summary>With a message and a reason; whether it is transient follows from the reason.</summary>
    public EventHubsException(string eventHubName, string message, FailureReason reason)
        : this(TransientReasons.Contains(reason), eventHubName, message, reason, null)
    {
    }

    /// <summary>With everything.</summary>
    public EventHubsException(bool isTransient, string eventHubName, string message, FailureReason reason, Exception innerException)
        : base(message, innerException)
    {
        IsTransient = isTransient;
        EventHubName = eventHubName;
        Reason = reason;
    }

    /// <summary>Whether trying again may help.</summary>
    public bool IsTransient { get; }

    /// <summary>What failed.</summary>
    public FailureReason Reason { get; }

    /// <summary>The hub.</summary>
    public string EventHubName { get; }

    /// <summary>What happened, with hub and reason.</summary>
    public override string Message => $"{base.Message} ({EventHubName}) Reason: {Reason}";

    private static readonly FailureReason[] TransientReasons =
        [FailureReason.ServiceBusy, FailureReason.ServiceTimeout, FailureReason.ServiceCommunicationProblem];

    /// <summary>Kinds of failure.</summary>
    public enum FailureReason
    {
        /// <summary>None of the others.</summary>
        GeneralError = 0,

        /// <summary>The client was closed.</summary>
        ClientClosed = 1,

        /// <summary>Another consumer took the partition.</summary>
        ConsumerDisconnected = 2,

        /// <summary>No such hub, partition or consumer group.</summary>
        ResourceNotFound = 3,

        /// <summary>The event or batch is larger than the hub takes.</summary>
        MessageSizeExceeded = 4,

        /// <summary>A limit of the namespace was reached.</summary>
        QuotaExceeded = 5,

        /// <summary>The service asks to come back later.</summary>
        ServiceBusy = 6,

        /// <summary>The service did not answer in time.</summary>
        ServiceTimeout = 7,

        /// <summary>The service cannot be reached.</summary>
        ServiceCommunicationProblem = 8,

        /// <summary>Another producer took the partition.</summary>
        ProducerDisconnected = 9,

        /// <summary>The client can do no more.</summary>
        InvalidClientState = 10,
    }
}
