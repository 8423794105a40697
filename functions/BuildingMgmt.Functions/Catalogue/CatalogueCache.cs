using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Catalogue;

/// <summary>
/// The catalogue in memory. A change made by any instance is seen here within about a second: one row in PostgreSQL is
/// polled, and what has changed is read when its number is another.
/// </summary>
public sealed class CatalogueCache(PostgresPools pools, TimeProvider time, ILogger<CatalogueCache> logger)
    : BackgroundService
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan RequestWait = TimeSpan.FromSeconds(2);

    private readonly CancellationTokenSource closing = new();
    private readonly Lock gate = new();
    private readonly CatalogueLoader loader = new(pools.Batch);
    private Task<CatalogueSnapshot>? running;
    private Task<CatalogueSnapshot>? next;
    private volatile CatalogueSnapshot? snapshot;

    /// <summary>The newest snapshot; reads the catalogue when this process has not yet done so.</summary>
    /// <exception cref="Npgsql.NpgsqlException">PostgreSQL is away and nothing was read before.</exception>
    public ValueTask<CatalogueSnapshot> GetAsync(CancellationToken cancellationToken) =>
        snapshot is { } current ? ValueTask.FromResult(current) : new ValueTask<CatalogueSnapshot>(RefreshAsync(cancellationToken));

    /// <summary>
    /// The catalogue as it is now, for someone who met an id that the snapshot does not know: what was committed before this
    /// call is seen. Costs one row of PostgreSQL when nothing has changed; all who wait at the same time share one look, and
    /// also how it fails.
    /// </summary>
    public Task<CatalogueSnapshot> RefreshAsync(CancellationToken cancellationToken) => BeginLook().WaitAsync(cancellationToken);

    /// <summary>As <see cref="RefreshAsync"/>, for a request: it waits two seconds at most, however PostgreSQL hangs.</summary>
    /// <exception cref="ProblemException">503: the catalogue cannot be read now.</exception>
    public async Task<CatalogueSnapshot> RefreshForRequestAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await BeginLook().WaitAsync(RequestWait, time, cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever it is: the poll meets it as well, and says it once for all.
            throw new ProblemException(Problem.Unavailable(
                "The request names what the catalogue in memory does not know, and a newer one cannot be read now.", RequestWait));
        }
    }

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
        // Registered twice, for itself and as a hosted service, it is disposed twice.
        if (closing.IsCancellationRequested)
            return;
        closing.Cancel();
        closing.Dispose();
        base.Dispose();
    }

    // A look that is under way may have passed what its caller knows of, so who comes during one shares the next.
    private Task<CatalogueSnapshot> BeginLook()
    {
        lock (gate)
        {
            if (next is not null)
                return next;
            if (running is { IsCompleted: false })
                return next = LookAfterAsync(running);
            // No caller's token: one of those who wait may leave, and the look goes on for the others.
            return running = Task.Run(() => LookAsync(closing.Token));
        }
    }

    private async Task<CatalogueSnapshot> LookAfterAsync(Task<CatalogueSnapshot> before)
    {
        var token = closing.Token;
        await ((Task)before).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ForceYielding);
        lock (gate)
            (running, next) = (next, null);
        return await LookAsync(token);
    }

    private async Task<CatalogueSnapshot> LookAsync(CancellationToken cancellationToken)
    {
        var current = snapshot;
        if (current is not null && await loader.ReadStampAsync(cancellationToken) == current.Stamp)
            return current;
        var refreshed = current is null ? null : await loader.RefreshAsync(current, cancellationToken);
        if (refreshed is null)
        {
            refreshed = await loader.LoadAsync(cancellationToken);
            logger.CatalogueLoaded(refreshed.Version, refreshed.Buildings.Count, refreshed.PointCount);
        }

        snapshot = refreshed;
        return refreshed;
    }
}
