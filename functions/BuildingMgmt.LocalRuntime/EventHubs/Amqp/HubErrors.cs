using System.IO;
using System.Net.Sockets;
using Amqp;
using Amqp.Framing;
using Azure.Messaging.EventHubs;
using static Azure.Messaging.EventHubs.EventHubsException;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>Turns AMQP's and the network's errors into the exceptions of the public API.</summary>
internal static class HubErrors
{
    public static EventHubsException From(Error? error, string hub, string operation)
    {
        var condition = error?.Condition?.ToString() ?? "";
        var reason = condition switch
        {
            "amqp:not-found" or "com.microsoft:entity-not-found" => FailureReason.ResourceNotFound,
            "amqp:link:stolen" or "com.microsoft:receiver-disconnected" => FailureReason.ConsumerDisconnected,
            "amqp:link:message-size-exceeded" => FailureReason.MessageSizeExceeded,
            "amqp:resource-limit-exceeded" => FailureReason.QuotaExceeded,
            "com.microsoft:server-busy" => FailureReason.ServiceBusy,
            "com.microsoft:timeout" => FailureReason.ServiceTimeout,
            "amqp:connection:forced" or "amqp:link:detach-forced" or "amqp:connection:framing-error" or "" =>
                FailureReason.ServiceCommunicationProblem,
            _ => FailureReason.GeneralError,
        };
        var transient = reason is FailureReason.ServiceBusy or FailureReason.ServiceTimeout
            or FailureReason.ServiceCommunicationProblem
            || condition is "amqp:internal-error" or "amqp:illegal-state" or "amqp:message:released" or "amqp:unauthorized-access";
        var message = $"{operation} failed: {error?.Description ?? "the connection was closed"} [{condition}].";
        return condition == AmqpNames.ArgumentError
            ? new PositionUnknownException(hub, message)
            : new EventHubsException(transient, hub, message, reason, null);
    }

    public static Exception From(Exception exception, string hub, string operation) => exception switch
    {
        EventHubsException => exception,
        AmqpException amqp => From(amqp.Error, hub, operation),
        TimeoutException => new EventHubsException(
            true, hub, $"{operation} was not answered in time.", FailureReason.ServiceTimeout, exception),
        SocketException or IOException or ObjectDisposedException or InvalidOperationException => new EventHubsException(
            true, hub, $"{operation} failed: {exception.Message}", FailureReason.ServiceCommunicationProblem, exception),
        OperationCanceledException => new EventHubsException(
            true, hub, $"{operation} failed: the connection was closed.", FailureReason.ServiceCommunicationProblem, exception),
        _ => exception,
    };
}

/// <summary>The partition has no such position: it ends before it, since the hub was made anew.</summary>
internal sealed class PositionUnknownException(string hub, string message)
    : EventHubsException(false, hub, message, FailureReason.GeneralError, null);
