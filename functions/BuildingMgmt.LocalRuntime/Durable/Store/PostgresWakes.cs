using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>
/// Wakes other processes by NOTIFY. A transaction that notifies takes a lock of the whole server when it commits, so it is not done in those
/// that store: one sender gathers what is to be said, and says it after them. What is lost on the way costs a poll.
/// </summary>
internal sealed class PostgresWakes : IAsyncDisposable
{
    private const int WorkersOfOneNotificationMax = 100;

    private readonly NpgsqlDataSource _database;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly WakeChannel _channel;
    private readonly Channel<WakeTargets> _waiting = Channel.CreateBounded<WakeTargets>(new BoundedChannelOptions(1_000) { FullMode = BoundedChannelFullMode.DropOldest });
    private readonly CancellationTokenSource _disposed = new();
    private readonly ConcurrentDictionary<long, Action> _here = new();
    private readonly Task _sending;

    public PostgresWakes(NpgsqlDataSource database, int hub, TimeProvider time, ILogger logger)
    {
        _database = database;
        _time = time;
        _logger = logger;
        _channel = new WakeChannel(database, hub);
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

    /// <summary>Wakes whenever a process of the hub says so, until cancelled.</summary>
    public async Task ListenAsync(long worker, Action wake, CancellationToken cancellationToken)
    {
        _here[worker] = wake;
        await new WakeListener(_database, _channel, _time, _logger).ListenAsync(worker, wake, cancellationToken);
        _here.TryRemove(worker, out _);
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
                    await _channel.NotifyAsync(Gather(), _disposed.Token);
                }
                catch (Exception) when (!_disposed.IsCancellationRequested)
                {
                    // Whatever is wrong with the database is told by the calls that matter; a wake is a hint.
                }
            }
        }
        catch (Exception) when (_disposed.IsCancellationRequested)
        {
            // In whichever way the connection tells of it.
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

        return all || workers.Count > WorkersOfOneNotificationMax ? WakeChannel.Everybody : string.Join(',', workers);
    }
}
