using Amqp;
using Amqp.Framing;
using Azure.Messaging.EventHubs;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>A pair of links to a node that answers requests: <c>$cbs</c> or <c>$management</c>. One request at a time.</summary>
internal sealed class RequestLink : IAsyncDisposable
{
    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(15);

    private readonly HubConnection _connection;
    private readonly string _node;
    private readonly string _replyTo;
    private readonly SenderLink _sender;
    private readonly ReceiverLink _receiver;
    private readonly TaskCompletionSource<Error?> _refused = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private RequestLink(HubConnection connection, string node)
    {
        _connection = connection;
        _node = node;
        _replyTo = HubConnection.NewLinkName("reply");
        _sender = new SenderLink(connection.Session, HubConnection.NewLinkName("request"), node);
        _receiver = new ReceiverLink(
            connection.Session,
            HubConnection.NewLinkName("answer"),
            new Attach { Source = new Source { Address = node }, Target = new Target { Address = _replyTo } },
            onAttached: null);
        _sender.AddClosedCallback((_, error) => _refused.TrySetResult(error));
        _receiver.AddClosedCallback((_, error) => _refused.TrySetResult(error));
    }

    public static Task<RequestLink> OpenAsync(HubConnection connection, string node, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return Task.FromResult(new RequestLink(connection, node));
    }

    /// <returns>The answer, whose status is 200 or 202.</returns>
    /// <exception cref="EventHubsException">Another status, a refused link, or no answer in time.</exception>
    public async Task<Message> RequestAsync(Message request, CancellationToken cancellationToken)
    {
        var operation = $"{_node} {request.ApplicationProperties["operation"]}";
        request.Properties = new Properties { MessageId = Guid.NewGuid().ToString(), ReplyTo = _replyTo };
        var sent = _sender.SendAsync(request, AnswerTime);
        var answered = _receiver.ReceiveAsync(AnswerTime);
        var first = await Task.WhenAny(answered, _refused.Task).WaitAsync(cancellationToken).ConfigureAwait(false);
        if (first == _refused.Task)
        {
            Observe(sent);
            Observe(answered);
            throw HubErrors.From(await _refused.Task.ConfigureAwait(false), _connection.Address.Hub, operation);
        }

        Observe(sent);
        var delivery = await answered.ConfigureAwait(false)
            ?? throw HubErrors.From(new TimeoutException(), _connection.Address.Hub, operation);
        _receiver.Accept(delivery);
        var answer = ReceivedPayload.Decode(delivery);
        var status = answer.ApplicationProperties?["status-code"] is int code ? code : 0;
        if (status is 200 or 202)
            return answer;
        var description = answer.ApplicationProperties?["status-description"]?.ToString() ?? "no description";
        throw new EventHubsException(
            status >= 500,
            _connection.Address.Hub,
            $"{operation} was refused with status {status}: {description}.",
            status == 404 ? EventHubsException.FailureReason.ResourceNotFound : EventHubsException.FailureReason.GeneralError,
            null);
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync(_sender).ConfigureAwait(false);
        await CloseAsync(_receiver).ConfigureAwait(false);
    }

    private static async Task CloseAsync(Link link)
    {
        try
        {
            await link.CloseAsync(TimeSpan.FromSeconds(1), null).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AmqpException or TimeoutException or InvalidOperationException)
        {
            // Closed already, with the connection.
        }
    }

    private static void Observe(Task task) =>
        _ = task.ContinueWith(static failed => failed.Exception, TaskContinuationOptions.OnlyOnFaulted);
}
