using System.Threading.Channels;

namespace BuildingMgmt.Simulator.Gateways;

/// <summary>
/// Stores batches and forwards them in order; while the hub is away they wait in a bounded spool.
/// One thread adds, the gateway's own task sends.
/// </summary>
internal sealed class Gateway : IAsyncDisposable
{
    private readonly IEventSink _sink;
    private readonly GatewayOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<GatewayEvent> _spool;
    private readonly CancellationTokenSource _stopped = new();
    private readonly Task _sending;

    // Of the sending task: taken from the spool, but too much for the message that was filled then.
    private GatewayEvent? _didNotFit;
    private long _accepted;
    private long _uncertain;
    private long _lost;

    public Gateway(string gatewayId, IEventSink sink, GatewayOptions options, TimeProvider time, ILogger logger)
    {
        GatewayId = gatewayId;
        _sink = sink;
        _options = options;
        _time = time;
        _logger = logger;
        _spool = Channel.CreateBounded<GatewayEvent>(
            new BoundedChannelOptions(options.SpoolEventsMax)
            {
                SingleReader = true,
                FullMode = options.WhenSpoolIsFull == SpoolFull.Wait ? BoundedChannelFullMode.Wait : BoundedChannelFullMode.DropOldest,
            },
            Lose);
        _sending = Task.Run(() => SendAsync(_stopped.Token));
    }

    public string GatewayId { get; }

    /// <summary>Readings that the hub has acknowledged.</summary>
    public long AcceptedReadings => Interlocked.Read(ref _accepted);

    /// <summary>Readings sent again because an answer was lost: so many may be in the hub twice.</summary>
    public long UncertainReadings => Interlocked.Read(ref _uncertain);

    /// <summary>Readings that did not fit the spool while the hub was away.</summary>
    public long LostReadings => Interlocked.Read(ref _lost);

    /// <summary>Ends when everything is sent, after <see cref="CompleteAsync"/>; fails when the hub refuses an event.</summary>
    public Task Completion => _sending;

    /// <summary>Puts an event behind those that wait. With <see cref="SpoolFull.Wait"/> it waits for room.</summary>
    /// <exception cref="HubRefusedException">The hub refused an earlier event; nothing more is sent.</exception>
    public async ValueTask AddAsync(GatewayEvent sent, CancellationToken cancellationToken)
    {
        try
        {
            await _spool.Writer.WriteAsync(sent, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            await _sending;
            throw;
        }
    }

    /// <summary>Takes no more events and waits until those of the spool are sent.</summary>
    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        _spool.Writer.TryComplete();
        await _sending.WaitAsync(cancellationToken);
    }

    /// <summary>Stops at once; what waits in the spool is gone.</summary>
    public async ValueTask DisposeAsync()
    {
        _spool.Writer.TryComplete();
        await _stopped.CancelAsync();
        await _sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopped.Dispose();
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        try
        {
            var events = new List<GatewayEvent>();
            while (_didNotFit is not null || await _spool.Reader.WaitToReadAsync(cancellationToken))
            {
                TakeWhatFits(events);
                await SendUntilAcceptedAsync(events, cancellationToken);
                events.Clear();
            }
        }
        catch (Exception exception)
        {
            // Writers must not wait for room that never comes.
            _spool.Writer.TryComplete(exception);
            throw;
        }
    }

    // What keeps the way to the hub full is one message of many events, not many messages at once: of those, a broken
    // connection may take the second and lose the first, and which of two conflicting readings came first then changes.
    private void TakeWhatFits(List<GatewayEvent> events)
    {
        var bytes = 0;
        while (events.Count < _options.EventsPerSendMax && TakeNext() is { } next)
        {
            bytes += next.Body.Length + GatewayOptions.BytesPerEventOverhead;
            if (events.Count > 0 && bytes > _options.BytesPerSendMax)
            {
                // Not looked at in the spool instead: its oldest may be lost in between, and what is taken then is another one.
                _didNotFit = next;
                return;
            }
            events.Add(next);
        }
    }

    private GatewayEvent? TakeNext()
    {
        if (_didNotFit is not { } waiting)
            return _spool.Reader.TryRead(out var next) ? next : null;
        _didNotFit = null;
        return waiting;
    }

    private async Task SendUntilAcceptedAsync(List<GatewayEvent> events, CancellationToken cancellationToken)
    {
        if (events.Count == 0)
            return;
        var readings = events.Sum(sent => (long)sent.Readings);
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await _sink.SendAsync(GatewayId, events, cancellationToken);
                Interlocked.Add(ref _accepted, readings);
                if (attempt > 0)
                    _logger.HubIsBack(GatewayId, attempt);
                return;
            }
            catch (HubAwayException exception)
            {
                Interlocked.Add(ref _uncertain, readings);
                var delay = TimeSpan.FromSeconds(Math.Min(_options.RetryDelayMax.TotalSeconds, 0.25 * Math.Pow(2, Math.Min(attempt, 10))));
                // Once for each outage: the spool says loudly enough what becomes of it.
                if (attempt == 0)
                    _logger.HubIsAway(GatewayId, exception.Message);
                await Task.Delay(delay, _time, cancellationToken);
            }
        }
    }

    private void Lose(GatewayEvent oldest)
    {
        var lost = Interlocked.Add(ref _lost, oldest.Readings);
        _logger.SpoolOverflowed(GatewayId, oldest.BatchId, oldest.Readings, _options.SpoolEventsMax, lost);
    }
}

/// <summary>What a gateway does when its spool has no room.</summary>
internal enum SpoolFull
{
    /// <summary>The sender of readings waits: right where they come from a file.</summary>
    Wait,

    /// <summary>The oldest batch is lost, loudly: right where time does not wait.</summary>
    LoseOldest,
}

/// <summary>Limits of a gateway.</summary>
internal sealed record GatewayOptions
{
    /// <summary>Framing and annotations that an event adds to its body, bytes, rounded up.</summary>
    public const int BytesPerEventOverhead = 512;

    /// <summary>Events that wait in memory. Default 4,000: some hours of a demo floor.</summary>
    public int SpoolEventsMax { get; init; } = 4_000;

    public SpoolFull WhenSpoolIsFull { get; init; } = SpoolFull.LoseOldest;

    /// <summary>Events in one message. Default 32.</summary>
    public int EventsPerSendMax { get; init; } = 32;

    /// <summary>Size of one message, below the hub's 1 MiB. Default 900,000.</summary>
    public int BytesPerSendMax { get; init; } = 900_000;

    /// <summary>Longest pause between two tries. Default 5 s.</summary>
    public TimeSpan RetryDelayMax { get; init; } = TimeSpan.FromSeconds(5);
}
