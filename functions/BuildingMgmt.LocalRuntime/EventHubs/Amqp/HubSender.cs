using Amqp;
using Amqp.Framing;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>A link that sends to a hub or to one of its partitions; any number of messages may be under way on it.</summary>
internal sealed class HubSender : IAsyncDisposable
{
    private static readonly TimeSpan AttachTime = TimeSpan.FromSeconds(15);

    private readonly HubAddress _address;
    private readonly SenderLink _link;
    private readonly CancellationTokenSource _closed = new();
    private readonly TaskCompletionSource<ulong> _attached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Error? _closedBy;

    private HubSender(HubConnection connection, string target)
    {
        _address = connection.Address;
        _link = new SenderLink(
            connection.Session,
            HubConnection.NewLinkName("send"),
            new Target { Address = target },
            (_, attach) => _attached.TrySetResult(attach.MaxMessageSize));
        _link.AddClosedCallback((_, error) =>
        {
            _closedBy = error;
            ThreadPool.UnsafeQueueUserWorkItem(static closed => closed.Cancel(), _closed, preferLocal: false);
        });
    }

    /// <summary>Largest encoded message that the hub takes, in bytes.</summary>
    public long MaximumMessageSize { get; private set; }

    public bool IsClosed => _closed.IsCancellationRequested || _link.IsClosed;

    /// <param name="partition">Null lets the hub choose.</param>
    public static async Task<HubSender> OpenAsync(HubConnection connection, string? partition, CancellationToken cancellationToken)
    {
        var hub = connection.Address.Hub;
        var sender = new HubSender(connection, partition is null ? hub : $"{hub}/Partitions/{partition}");
        try
        {
            var size = await sender.UntilClosedAsync(sender._attached.Task, AttachTime, cancellationToken).ConfigureAwait(false);

            // A refused attach is answered by an attach without a size, and a detach with the error right behind it.
            sender.MaximumMessageSize = size is 0 or > int.MaxValue ? int.MaxValue : (long)size;
            return sender;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            throw HubErrors.From(e, hub, $"Opening a sender to {connection.Address}");
        }
    }

    /// <summary>Completes once the hub has the message on disk.</summary>
    public async Task SendAsync(Message message, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var outcome = new TaskCompletionSource<Outcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        _link.Send(message, static (_, _, result, state) => ((TaskCompletionSource<Outcome>)state).TrySetResult(result), outcome);
        var answer = await UntilClosedAsync(outcome.Task, timeout, cancellationToken).ConfigureAwait(false);
        switch (answer)
        {
            case Accepted:
                return;
            case Rejected rejected:
                throw new AmqpException(rejected.Error ?? new Error("amqp:internal-error") { Description = "rejected without a reason" });
            default:
                throw new AmqpException("amqp:message:released", $"The hub did not take the events ({answer}).");
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _link.CloseAsync(TimeSpan.FromSeconds(1), null).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AmqpException or TimeoutException or InvalidOperationException)
        {
            // It is gone already.
        }
    }

    // The library does not tell the outcome of a delivery that was being written when its connection broke.
    private async Task<T> UntilClosedAsync<T>(Task<T> task, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var either = cancellationToken.CanBeCanceled
            ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closed.Token)
            : null;
        try
        {
            return await task.WaitAsync(timeout, either?.Token ?? _closed.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_closed.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw HubErrors.From(_closedBy ?? _link.Error, _address.Hub, $"Sending to {_address}");
        }
    }
}
