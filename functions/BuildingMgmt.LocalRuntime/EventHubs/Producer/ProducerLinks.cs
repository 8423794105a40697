using Azure.Messaging.EventHubs;
using static Azure.Messaging.EventHubs.EventHubsException;

namespace BuildingMgmt.LocalRuntime.EventHubs;

/// <summary>A producer's connection and its links, opened when they are needed and again after they broke; and the retries above them.</summary>
internal sealed class ProducerLinks(HubAddress address, EventHubsRetryOptions retry, TimeProvider time) : IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1, 1);
    private readonly Dictionary<string, HubSender> _senders = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _disposed = new();
    private volatile HubConnection? _connection;

    public HubAddress Address => address;

    /// <summary>Runs an operation, and again after transient errors, as often as the retry options say.</summary>
    /// <exception cref="EventHubsException">The last error, or one that trying again does not help.</exception>
    public async Task<T> RetryAsync<T>(string operation, Func<CancellationToken, Task<T>> run, CancellationToken cancellationToken)
    {
        for (var attempt = 0; ; attempt++)
        {
            ThrowIfDisposed();
            try
            {
                using var timeout = new CancellationTokenSource(retry.TryTimeout, time);
                using var any = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposed.Token, timeout.Token);
                return await run(any.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                ThrowIfDisposed();
                var error = e is OperationCanceledException
                    ? HubErrors.From(new TimeoutException(), address.Hub, operation)
                    : HubErrors.From(e, address.Hub, operation);
                if (error is not EventHubsException { IsTransient: true } || attempt >= retry.MaximumRetries)
                {
                    if (ReferenceEquals(error, e))
                        throw;
                    throw error;
                }
            }

            await Task.Delay(DelayAfter(attempt), time, cancellationToken).ConfigureAwait(false);
        }
    }

    public async Task<HubConnection> ConnectionAsync(CancellationToken cancellationToken)
    {
        if (_connection is { Closed.IsCancellationRequested: false } open)
            return open;
        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _opening.Release();
        }
    }

    /// <param name="partition">Null lets the hub choose.</param>
    public async Task<HubSender> SenderAsync(string? partition, CancellationToken cancellationToken)
    {
        var key = partition ?? "";
        lock (_senders)
        {
            if (_senders.TryGetValue(key, out var open) && !open.IsClosed)
                return open;
        }

        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            lock (_senders)
            {
                if (_senders.TryGetValue(key, out var open) && !open.IsClosed)
                    return open;
            }

            var connection = await OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            var sender = await HubSender.OpenAsync(connection, partition, cancellationToken).ConfigureAwait(false);
            lock (_senders)
                _senders[key] = sender;
            return sender;
        }
        finally
        {
            _opening.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync().ConfigureAwait(false);
        HubSender[] senders;
        lock (_senders)
        {
            senders = [.. _senders.Values];
            _senders.Clear();
        }

        foreach (var sender in senders)
            await sender.DisposeAsync().ConfigureAwait(false);
        if (_connection is { } connection)
            await connection.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<HubConnection> OpenConnectionAsync(CancellationToken cancellationToken)
    {
        if (_connection is { Closed.IsCancellationRequested: false } open)
            return open;
        if (_connection is { } broken)
            await broken.DisposeAsync().ConfigureAwait(false);
        return _connection = await HubConnection.OpenAsync(address, time, cancellationToken).ConfigureAwait(false);
    }

    private void ThrowIfDisposed()
    {
        if (_disposed.IsCancellationRequested)
        {
            throw new EventHubsException(
                false, address.Hub, "The producer has been closed; make a new one to send more.", FailureReason.ClientClosed, null);
        }
    }

    private TimeSpan DelayAfter(int attempt)
    {
        var factor = retry.Mode == EventHubsRetryMode.Fixed ? 1 : Math.Pow(2, attempt);
        var delay = retry.Delay * factor * (1 + (Random.Shared.NextDouble() * 0.08));
        return delay < retry.MaximumDelay ? delay : retry.MaximumDelay;
    }
}
