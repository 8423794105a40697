using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Catalogue;

/// <summary>
/// The catalogue in memory. A change made by any instance is seen here within about a second: one row in PostgreSQL is
/// polled, and the catalogue is read again when its number has changed.
/// </summary>
public sealed class CatalogueCache(PostgresPools pools, TimeProvider time, ILogger<CatalogueCache> logger)
    : BackgroundService
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim loading = new(1);
    private volatile CatalogueSnapshot? snapshot;
    private long checkedAt;

    /// <summary>The newest snapshot; reads the catalogue when this process has not yet done so.</summary>
    /// <exception cref="Npgsql.NpgsqlException">PostgreSQL is away and nothing was read before.</exception>
    public ValueTask<CatalogueSnapshot> GetAsync(CancellationToken cancellationToken) =>
        snapshot is { } current ? ValueTask.FromResult(current) : new ValueTask<CatalogueSnapshot>(RefreshAsync(cancellationToken));

    /// <summary>
    /// The catalogue as it is now, for someone who met an id that the snapshot does not know: what was committed before this
    /// call is seen. Costs one row of PostgreSQL when nothing has changed; all who wait at the same time share one look.
    /// </summary>
    public Task<CatalogueSnapshot> RefreshAsync(CancellationToken cancellationToken) => RefreshAsync(time.GetTimestamp(), cancellationToken);

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var away = false;
        using var timer = new PeriodicTimer(PollInterval, time);
        do
        {
            try
            {
                await RefreshAsync(stoppingToken);
                away = false;
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                // Said once; the old snapshot serves on. Whatever it is: PostgreSQL may be away, or a later build, which is being
                // rolled out, may have changed the schema so that this one cannot read it.
                if (!away)
                    logger.CatalogueUnreadable(exception);
                away = true;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        loading.Dispose();
        base.Dispose();
    }

    private async Task<CatalogueSnapshot> RefreshAsync(long askedFrom, CancellationToken cancellationToken)
    {
        await loading.WaitAsync(cancellationToken);
        try
        {
            if (snapshot is { } current)
            {
                if (checkedAt > askedFrom)
                    return current;
                // Taken before the question: what changes after it is asked is found by the next one.
                var askedAt = time.GetTimestamp();
                var version = await CatalogueLoader.ReadVersionAsync(pools.Batch, cancellationToken);
                checkedAt = askedAt;
                if (version == current.Version)
                    return current;
            }

            var loadedAt = time.GetTimestamp();
            var loaded = await CatalogueLoader.LoadAsync(pools.Batch, cancellationToken);
            checkedAt = loadedAt;
            snapshot = loaded;
            logger.CatalogueLoaded(loaded.Version, loaded.Buildings.Count, loaded.Points.Length);
            return loaded;
        }
        finally
        {
            loading.Release();
        }
    }
}
