using Microsoft.Extensions.Logging;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>
/// The store of a hub, opened when it is first asked for: its schema is made then. While the database is away, whoever asks gets the
/// exception that a call would give.
/// </summary>
internal sealed class HubStore(string connectionString, string hub, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _lock = new();
    private Task<IDurableStore>? _opening;
    private NpgsqlDataSource? _database;
    private volatile PostgresDurableStore? _store;

    public ValueTask<IDurableStore> GetAsync(CancellationToken cancellationToken) =>
        _store is { } store ? ValueTask.FromResult<IDurableStore>(store) : new(Opening().WaitAsync(cancellationToken));

    public async ValueTask DisposeAsync()
    {
        await _disposed.CancelAsync().ConfigureAwait(false);
        if (_opening is not null)
            await ((Task)_opening).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_store is { } store)
            await store.DisposeAsync().ConfigureAwait(false);
        if (_database is not null)
            await _database.DisposeAsync().ConfigureAwait(false);
        _disposed.Dispose();
    }

    // All who ask while an attempt is under way wait for that one, and not for one after the other.
    private Task<IDurableStore> Opening()
    {
        lock (_lock)
            return _opening is null or { IsFaulted: true } ? _opening = Task.Run(() => OpenAsync(_disposed.Token)) : _opening;
    }

    private async Task<IDurableStore> OpenAsync(CancellationToken cancellationToken)
    {
        _database ??= await PostgresConnections.OpenAsync(connectionString, cancellationToken).ConfigureAwait(false);
        return _store = await PostgresDurableStore.OpenAsync(_database, hub, time, logger, cancellationToken).ConfigureAwait(false);
    }
}
