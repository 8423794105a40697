using System.Collections.Concurrent;
using System.Globalization;
using System.Threading.Channels;
using BuildingMgmt.LocalRuntime.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using static BuildingMgmt.LocalRuntime.Durable.Store.Sql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>
/// Wakes other processes by NOTIFY. A transaction that notifies takes a lock of the whole server when it commits, so it is not done in those
/// that store: one sender gathers what is to be said, and says it after them. What is lost on the way costs a poll.
/// </summary>
internal sealed partial class PostgresWakes : IAsyncDisposable
{
    private const string Everybody = "*";
    private const int WorkersOfOneNotificationMax = 100;
    private static readonly TimeSpan ReconnectAfterMin = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ReconnectAfterMax = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ProofWithin = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan KeepAliveEvery = TimeSpan.FromSeconds(15);

    private readonly NpgsqlDataSource _database;
    private readonly ILogger _logger;
    private readonly string _channel;
    private readonly Channel<WakeTargets> _waiting = Channel.CreateBounded<WakeTargets>(new BoundedChannelOptions(1_000) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly CancellationTokenSource _disposed = new();
    private readonly ConcurrentDictionary<long, Action> _here = new();
    private readonly string _self = Guid.NewGuid().ToString("N");
    private readonly Task _sending;

    public PostgresWakes(NpgsqlDataSource database, int hub, ILogger logger)
    {
        _database = database;
        _logger = logger;
        _channel = string.Create(CultureInfo.InvariantCulture, $"durable_{hub}");
        _sending = Task.Run(SendAsync);
    }

    /// <summary>Whether other workers of the hub live, as far as is known. While there are none, nobody needs to be told what anybody may take.</summary>
    public bool HasOthers { get; set; } = true;

    public void WakeAll()
    {
        var all = new WakeTargets(self: null);
        all.AddAll();
        Wake(all);
    }

    /// <summary>Workers of this process are woken at once, the others by notification.</summary>
    public void Wake(WakeTargets targets)
    {
        foreach (var (worker, wake) in _here)
        {
            if (targets.IsFor(worker))
                wake();
        }

        if ((targets.All && HasOthers) || targets.Workers.Any(worker => !_here.ContainsKey(worker)))
            _waiting.Writer.TryWrite(targets);
    }

    /// <summary>Listens on a connection of its own until cancelled, and wakes once whenever it has connected, for what it may have missed.</summary>
    public async Task ListenAsync(long worker, Action wake, CancellationToken cancellationToken)
    {
        _here[worker] = wake;
        var away = false;
        var pause = ReconnectAfterMin;
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await ListenUntilLostAsync(worker, wake, listening: () =>
                {
                    if (away)
                        LogListeningAgain();
                    (away, pause) = (false, ReconnectAfterMin);
                }, cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                if (!away)
                    LogNotListening(e);
                away = true;
                await Task.Delay(pause, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = pause * 2 < ReconnectAfterMax ? pause * 2 : ReconnectAfterMax;
            }
            catch (Exception)
            {
                // Cancelled, in whichever way the connection tells of it.
            }
        }

        _here.TryRemove(worker, out _);
    }

    private async Task ListenUntilLostAsync(long worker, Action wake, Action listening, CancellationToken cancellationToken)
    {
        var self = worker.ToString(CultureInfo.InvariantCulture);
        var proof = Guid.NewGuid().ToString("N");
        var isHeard = false;
        // What keeps it alive tells of a peer that has gone without a word.
        await using var connection = await OwnConnection.OpenAsync(
            _database, own => own.KeepAlive = (int)KeepAliveEvery.TotalSeconds, cancellationToken);
        connection.Notification += (_, told) =>
        {
            var (sender, workers) = told.Payload.Split('|') is [var by, var to] ? (by, to) : ("", told.Payload);
            if (workers == proof)
                isHeard = true;
            else if (sender != _self && (workers == Everybody || workers.Split(',').Contains(self)))
                wake();
        };
        await using (var listen = new NpgsqlCommand($"LISTEN {_channel}", connection))
            await listen.ExecuteNonQueryAsync(cancellationToken);

        // A pooler in transaction mode accepts LISTEN, and no word ever comes: what was said from another session must be heard.
        await NotifyAsync(proof, cancellationToken);
        while (!isHeard)
        {
            if (!await connection.WaitAsync(ProofWithin, cancellationToken))
                throw new TimeoutException("A notification to itself did not come back.");
        }

        listening();
        wake();
        while (true)
            await connection.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _waiting.Writer.TryComplete();
        await _disposed.CancelAsync();
        await _sending;
        _disposed.Dispose();
    }

    private async Task SendAsync()
    {
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(_disposed.Token))
            {
                try
                {
                    await NotifyAsync(Gather(), _disposed.Token);
                }
                catch (Exception e) when (e is NpgsqlException or TimeoutException)
                {
                    // Whatever is wrong with the database is told by the calls that matter; a wake is a hint.
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Disposed.
        }
    }

    private string Gather()
    {
        var workers = new HashSet<long>();
        var all = false;
        while (_waiting.Reader.TryRead(out var targets))
        {
            all |= targets.All;
            workers.UnionWith(targets.Workers);
        }

        return all || workers.Count > WorkersOfOneNotificationMax ? Everybody : string.Join(',', workers);
    }

    private async Task NotifyAsync(string to, CancellationToken cancellationToken)
    {
        await using var command = _database.Command("SELECT pg_notify($1, $2)", One(_channel), One($"{_self}|{to}"));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(LogEvents.DurableNotListening, LogLevel.Warning,
        "Durable: notifications of PostgreSQL are not heard (they need a session of their own, which a pooler in transaction mode does not give). Work that other processes leave is found by polling, up to a second later")]
    private partial void LogNotListening(Exception e);

    [LoggerMessage(LogEvents.DurableListeningAgain, LogLevel.Information, "Durable: notifications of PostgreSQL are heard again")]
    private partial void LogListeningAgain();
}
