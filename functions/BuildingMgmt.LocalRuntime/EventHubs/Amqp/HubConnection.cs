using Amqp;
using Amqp.Framing;
using Amqp.Handler;
using Amqp.Sasl;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>
/// One AMQP connection to a hub, authorized by a token that is renewed while the connection lives. When it breaks it stays broken:
/// its owner opens another one.
/// </summary>
internal sealed class HubConnection : IAsyncDisposable
{
    private static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan TokenRenewal = TimeSpan.FromMinutes(20);
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(20);
    private const int IdleTimeoutMilliseconds = 60_000;

    // As large as an event can be: one frame, one buffer, nothing to join.
    private const int FrameSizeMax = (1024 + 64) * 1024;

    private readonly Connection _connection;
    private readonly CancellationTokenSource _closed = new();
    private readonly TimeProvider _time;
    private Task _renewal = Task.CompletedTask;

    private HubConnection(HubAddress address, Connection connection, TimeProvider time)
    {
        Address = address;
        _connection = connection;
        _time = time;
        Session = new Session(connection);
        Closed = _closed.Token;
        connection.AddClosedCallback((_, _) => Break());
        if (connection.IsClosed)
            Break();
    }

    public HubAddress Address { get; }

    public Session Session { get; }

    /// <summary>Cancelled once the connection is gone.</summary>
    public CancellationToken Closed { get; }

    /// <exception cref="Azure.Messaging.EventHubs.EventHubsException">The endpoint cannot be reached or refuses the key.</exception>
    public static async Task<HubConnection> OpenAsync(HubAddress address, TimeProvider time, CancellationToken cancellationToken)
    {
        var transports = new HubTransportProvider();
        var factory = new ConnectionFactory([transports]);
        factory.AMQP.MaxFrameSize = FrameSizeMax;
        factory.AMQP.ContainerId = $"local-runtime-{Guid.NewGuid():N}";
        factory.AMQP.HostName = address.Host;
        factory.AMQP.IdleTimeout = IdleTimeoutMilliseconds;
        factory.SASL.Profile = SaslProfile.Anonymous;
        var target = new Address(address.Host, address.Port, null, null, "/", address.Secure ? "amqps" : "amqp");
        HubConnection? connection = null;
        try
        {
            // The wait is ours as well: a host that does not answer is given up before TCP does.
            var opened = await factory.CreateAsync(target, cancellationToken, new OpenHandler())
                .WaitAsync(ConnectTime, time, cancellationToken).ConfigureAwait(false);
            connection = new HubConnection(address, opened, time);
            await connection.AuthorizeAsync(cancellationToken).ConfigureAwait(false);
            connection._renewal = connection.RenewTokenAsync();
            return connection;
        }
        catch (Exception e)
        {
            if (connection is not null)
                await connection.DisposeAsync().ConfigureAwait(false);
            else
                transports.GiveUp();
            cancellationToken.ThrowIfCancellationRequested();
            throw HubErrors.From(e, address.Hub, $"Connecting to {address}");
        }
    }

    /// <summary>Links that were closed without a word still hold their names, so each has a new one.</summary>
    public static string NewLinkName(string purpose) => $"{purpose}-{Guid.NewGuid():N}";

    /// <summary>A token for the hub, valid from now on.</summary>
    public string NewToken(TimeSpan lifetime) =>
        SharedAccessSignature.Create(Address.Audience, Address.KeyName, Address.Key, _time.GetUtcNow() + lifetime);

    public async ValueTask DisposeAsync()
    {
        Break();
        try
        {
            await _connection.CloseAsync(TimeSpan.FromSeconds(1), null).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AmqpException or TimeoutException or ObjectDisposedException or InvalidOperationException)
        {
            // It is gone already, or the other side does not answer; either way nothing is left to do.
        }

        await _renewal.ConfigureAwait(false);
    }

    private void Break()
    {
        // Off this thread: the callbacks of everyone waiting would otherwise run on the connection's read pump.
        ThreadPool.UnsafeQueueUserWorkItem(static closed => closed.Cancel(), _closed, preferLocal: false);
    }

    private async Task AuthorizeAsync(CancellationToken cancellationToken)
    {
        await using var cbs = await RequestLink.OpenAsync(this, "$cbs", cancellationToken).ConfigureAwait(false);
        await cbs.RequestAsync(
            new Message(NewToken(TokenLifetime))
            {
                ApplicationProperties = new ApplicationProperties
                {
                    ["operation"] = "put-token",
                    ["type"] = "servicebus.windows.net:sastoken",
                    ["name"] = Address.Audience,
                },
            },
            cancellationToken).ConfigureAwait(false);
    }

    private async Task RenewTokenAsync()
    {
        try
        {
            while (true)
            {
                await Task.Delay(TokenRenewal, _time, Closed).ConfigureAwait(false);
                await AuthorizeAsync(Closed).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or AmqpException or Azure.Messaging.EventHubs.EventHubsException)
        {
            // Without a token the endpoint detaches the links: their owners see that and connect anew.
            _ = _connection.CloseAsync(TimeSpan.FromSeconds(1), null);
        }
    }

    /// <summary>Tells the endpoint a frame size that leaves room for what <see cref="FrameRewriter"/> adds.</summary>
    private sealed class OpenHandler : IHandler
    {
        public bool CanHandle(EventId id) => id == EventId.ConnectionLocalOpen;

        public void Handle(Event protocolEvent)
        {
            if (protocolEvent.Context is Open open)
                open.MaxFrameSize = FrameSizeMax - FrameRewriter.Growth;
        }
    }
}
