using BuildingMgmt.Functions.LatestValues;
using BuildingMgmt.Functions.Postgres;
using BuildingMgmt.Functions.SensorData;
using Microsoft.Extensions.Logging;

namespace BuildingMgmt.Functions.Health;

/// <summary>Asks each dependency whether it answers. An answer is kept for a second, and however many ask, it is found once.</summary>
public sealed class Readiness(
    PostgresPools pools, LatestValueTable tables, TelemetryHub hub, ApplyMigrations migrations, TimeProvider time, ILogger<Readiness> logger)
    : IDisposable
{
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim checking = new(1);
    private HealthReport? last;
    private long lastAt;

    /// <summary>The state of all dependencies, at most a second old. Takes at most two seconds.</summary>
    public async Task<HealthReport> CheckAsync(CancellationToken cancellationToken)
    {
        await checking.WaitAsync(cancellationToken);
        try
        {
            if (last is { } kept && time.GetElapsedTime(lastAt) < KeptFor)
                return kept;

            // Not the caller's token: the answer is for all who wait.
            var checks = await Task.WhenAll(
                TryAsync("postgres", CheckPostgresAsync),
                // No floor has this id: the store is asked, and says that there is none.
                TryAsync("tables", token => tables.ReadAsync(Guid.Empty, token)),
                TryAsync("event_hub", hub.GetPartitionIdsAsync));
            LogChanges(last, checks);
            last = new HealthReport(checks.All(c => c.Status == "ok") ? "ready" : "unavailable", checks);
            lastAt = time.GetTimestamp();
            return last;
        }
        finally
        {
            checking.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => checking.Dispose();

    private async Task<DependencyHealth> TryAsync(string name, Func<CancellationToken, Task> check)
    {
        var start = time.GetTimestamp();
        using var timeout = new CancellationTokenSource(CheckTimeout, time);
        string? detail = null;
        try
        {
            // Some clients look at their token late, so the wait is bounded here as well.
            await Task.Run(() => check(timeout.Token), CancellationToken.None).WaitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            detail = $"No answer within {CheckTimeout.TotalSeconds} s.";
        }
        catch (Exception e)
        {
            // A message of a client may quote addresses and user names; its type says enough here, and the log has the rest.
            detail = $"Failed: {e.GetType().Name}.";
            logger.DependencyFailed(e, name);
        }

        return new DependencyHealth(name, detail is null ? "ok" : "away", Math.Round(time.GetElapsedTime(start).TotalMilliseconds, 2), detail);
    }

    private async Task CheckPostgresAsync(CancellationToken cancellationToken)
    {
        await migrations.Applied.WaitAsync(cancellationToken);
        await using var command = pools.Read.CreateCommand("SELECT 1");
        await command.ExecuteScalarAsync(cancellationToken);
    }

    private void LogChanges(HealthReport? before, DependencyHealth[] now)
    {
        for (var i = 0; i < now.Length; i++)
        {
            var was = before?.Checks[i].Status ?? "ok";
            if (was != now[i].Status)
                logger.DependencyChanged(now[i].Name, now[i].Status, now[i].Detail ?? "It answers again.");
        }
    }
}
