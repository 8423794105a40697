using Amqp;
using Amqp.Framing;
using Amqp.Listener;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.EventHubsEndpoint.Transport;

/// <summary>An answer to a request.</summary>
/// <param name="Status">As in HTTP.</param>
/// <param name="Condition">The AMQP error that a bad status stands for, or null.</param>
internal sealed record Response(int Status, string Description, object? Body = null, string? Condition = null);

/// <summary>Takes requests and has them answered on the link that they name by reply-to.</summary>
internal sealed class RequestLink(Peer peer, ListenerLink link, string? guardedPath, Func<Message, Response> answer, ILogger logger)
    : PeerLink(peer, link, guardedPath, logger)
{
    private const int Credit = 50;

    protected override void Initialize() =>
        Link.InitializeReceiver(0, (_, message, _, _) => Guarded(() => OnMessage((EncodedMessage)message)), null);

    protected override void OnAttached() => Link.SetCredit(Credit, drain: false, autoRestore: true);

    protected override void OnEnded()
    {
    }

    private void OnMessage(EncodedMessage message)
    {
        if (IsClosed || Peer.Guard.IsAborted || Peer.Guard.Current is { IsTooLarge: true })
        {
            message.Dispose();
            return;
        }
        var outcome = Answer(message);
        Link.DisposeMessage(message, outcome, settled: true);
        message.Dispose();
    }

    private DeliveryState Answer(EncodedMessage message)
    {
        Message request;
        try
        {
            request = Message.Decode(message.Encoded);
        }
        catch (Exception malformed) when (malformed is not OutOfMemoryException)
        {
            return Rejected(ErrorCode.DecodeError, $"The request cannot be decoded: {malformed.Message}");
        }
        if (request.Properties?.ReplyTo is not { } replyTo || !Peer.Responses.TryGetValue(replyTo, out var responses))
            return Rejected(ErrorCode.NotFound, $"Reply-to \"{request.Properties?.ReplyTo}\" names no link of this connection.");

        var response = answer(request);
        var reply = new Message
        {
            Properties = new Properties(),
            ApplicationProperties = new ApplicationProperties
            {
                ["status-code"] = response.Status,
                ["status-description"] = response.Description,
                // The management dialect says it without a hyphen as well.
                ["statusCode"] = response.Status,
                ["statusDescription"] = response.Description,
            },
            BodySection = new AmqpValue { Value = response.Body },
        };
        if (response.Condition is not null)
            reply.ApplicationProperties["error-condition"] = reply.ApplicationProperties["errorCondition"] = new Amqp.Types.Symbol(response.Condition);
        if (request.Properties.GetMessageId() is { } messageId)
            reply.Properties.SetCorrelationId(messageId);
        return responses.TrySend(reply)
            ? new Accepted()
            : Rejected(ErrorCode.ResourceLimitExceeded, "Earlier answers have not been taken: give credit to the link of the answers.");
    }

    private static Rejected Rejected(string condition, string description) =>
        new() { Error = new Error(condition) { Description = description } };
}
