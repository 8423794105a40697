using Microsoft.Extensions.Logging;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Durable.Store;

/// <summary>
/// The store of a hub, opened when it is first asked for: its schema is made then. While the database is away, whoever asks gets the
/// exception that a call would give.
/// </summary>
internal sealed class HubStore(string connectionString, string hub, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private readonly SemaphoreSlim _opening = new(1);
    private NpgsqlDataSource? _database;
    private volatile PostgresDurableStore? _store;

    public ValueTask<IDurableStore> GetAsync(CancellationToken cancellationToken) =>
        _store is { } store ? ValueTask.FromResult<IDurableStore>(store) : OpenAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (_store is { } store)
            await store.DisposeAsync().ConfigureAwait(false);
        if (_database is not null)
            await _database.DisposeAsync().ConfigureAwait(false);
    }

    private async ValueTask<IDurableStore> OpenAsync(CancellationToken cancellationToken)
    {
        await _opening.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            _database ??= await PostgresConnections.OpenAsync(connectionString, cancellationToken).ConfigureAwait(false);
            return _store ??= await PostgresDurableStore.OpenAsync(_database, hub, time, logger, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _opening.Release();
        }
    }
}
