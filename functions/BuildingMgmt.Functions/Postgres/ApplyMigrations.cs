using BuildingMgmt.Database;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BuildingMgmt.Functions.Postgres;

/// <summary>Brings the database to this build's schema while the app is already answering, and tries again for as long as PostgreSQL is away.</summary>
public sealed class ApplyMigrations(PostgresPools pools, TimeProvider time, ILogger<ApplyMigrations> logger) : BackgroundService
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource applied = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the schema is there.</summary>
    public Task Applied => applied.Task;

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        string? told = null;
        while (true)
        {
            try
            {
                var count = await SchemaMigrator.MigrateAsync(pools.Write, stoppingToken);
                logger.MigrationsApplied(count, SchemaMigrator.LatestVersion);
                applied.SetResult();
                return;
            }
            catch (Exception e) when (e is NpgsqlException or TimeoutException or InvalidOperationException)
            {
                // Also a migration that failed is tried again: until an operator helps, the app stays not ready and says why.
                if (told != e.Message)
                    logger.MigrationsWait(e);
                told = e.Message;
            }

            await Task.Delay(RetryDelay, time, stoppingToken);
        }
    }
}
