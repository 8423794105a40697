using System.Globalization;
using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>Hears the notifications for a worker, on a connection of its own.</summary>
internal sealed partial class WakeListener(NpgsqlDataSource database, WakeChannel channel, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan ProofWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KeepAliveEvery = TimeSpan.FromSeconds(15);

    private readonly Backoff _backoff = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30), Random.Shared);
    private bool _away;

    /// <summary>Until cancelled. Wakes also whenever it has connected, for what it may have missed.</summary>
    public async Task ListenAsync(long worker, Action wake, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ListenUntilLostAsync(worker, wake, cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                if (!_away)
                    LogNotListening(e);
                _away = true;
                await Task.Delay(_backoff.Next(), time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception)
            {
                // Cancelled, in whichever way the connection tells of it.
            }
        }
    }

    private async Task ListenUntilLostAsync(long worker, Action wake, CancellationToken cancellationToken)
    {
        var self = worker.ToString(CultureInfo.InvariantCulture);
        var proof = Guid.NewGuid().ToString("N");
        var isHeard = false;
        // What keeps it alive tells of a peer that has gone without a word.
        await using var connection = await OwnConnection.OpenAsync(
            database, own => own.KeepAlive = (int)KeepAliveEvery.TotalSeconds, cancellationToken);
        connection.Notification += (_, told) =>
        {
            var (to, fromHere) = channel.Read(told.Payload);
            if (to == proof)
                isHeard = true;
            else if (!fromHere && (to == WakeChannel.Everybody || to.Split(',').Contains(self)))
                wake();
        };
        await using (var listen = new NpgsqlCommand($"LISTEN {channel.Name}", connection))
            await listen.ExecuteNonQueryAsync(cancellationToken);

        // A pooler in transaction mode accepts LISTEN, and no word ever comes: what was said from another session must be heard.
        await channel.NotifyAsync(proof, cancellationToken);
        while (!isHeard)
        {
            if (!await connection.WaitAsync(ProofWithin, cancellationToken))
                throw new TimeoutException("A notification to itself did not come back.");
        }

        if (_away)
            LogListeningAgain();
        _away = false;
        _backoff.Reset();
        wake();
        while (true)
            await connection.WaitAsync(cancellationToken);
    }

    [LoggerMessage(LogEvents.DurableNotListening, LogLevel.Warning,
        "Durable: notifications of PostgreSQL are not heard (they need a session of their own, which a pooler in transaction mode does not give). Work that other processes leave is found by polling, up to a second later")]
    private partial void LogNotListening(Exception e);

    [LoggerMessage(LogEvents.DurableListeningAgain, LogLevel.Information, "Durable: notifications of PostgreSQL are heard again")]
    private partial void LogListeningAgain();
}
