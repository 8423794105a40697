using BuildingMgmt.Functions.LatestValues;
using BuildingMgmt.Functions.Postgres;
using BuildingMgmt.Functions.SensorData;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace BuildingMgmt.Functions.Health;

/// <summary>Asks each dependency whether it answers. An answer is kept for a second, and however many ask, it is found once.</summary>
public sealed class Readiness(
    PostgresPools pools,
    LatestValueTable tables,
    TelemetryHub hub,
    ApplyMigrations migrations,
    IEnumerable<IHealthNotice> notices,
    TimeProvider time,
    ILogger<Readiness> logger)
    : IDisposable
{
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan KeptFor = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim checking = new(1);
    private HealthReport? last;
    private long lastAt;

    /// <summary>The state of all dependencies, at most a second old. Takes at most four seconds.</summary>
    public async Task<HealthReport> CheckAsync(CancellationToken cancellationToken)
    {
        await checking.WaitAsync(cancellationToken);
        try
        {
            if (last is { } kept && time.GetElapsedTime(lastAt) < KeptFor)
                return kept;

            // Not the caller's token: the answer is for all who wait.
            var answers = await Task.WhenAll(Checks().Select(check => TryAsync(check.Name, check.AskAsync)));
            LogChanges(last, answers);
            DependencyHealth[] checks = [.. answers.Select(answer => answer.Health)];
            var isReady = checks.All(check => check.Status == "ok");
            last = new HealthReport(isReady ? "ready" : "unavailable", checks, isReady ? await LookAsync() : []);
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

    // The same ones in the same order each time.
    private IEnumerable<(string Name, Func<CancellationToken, Task> AskAsync)> Checks()
    {
        yield return ("postgres", CheckPrimaryAsync);
        if (pools.ReplicaProbe is { } replica)
            yield return ("postgres_replica", token => AnswersAsync(replica, token));
        // No floor has this id: the store is asked, and says that there is none.
        yield return ("tables", token => tables.ReadAsync(Guid.Empty, token));
        yield return ("event_hub", hub.GetPartitionIdsAsync);
    }

    private async Task<Answer> TryAsync(string name, Func<CancellationToken, Task> check)
    {
        var start = time.GetTimestamp();
        using var timeout = new CancellationTokenSource(CheckTimeout, time);
        string? detail = null;
        Exception? cause = null;
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
            cause = e;
        }

        var latency = Math.Round(time.GetElapsedTime(start).TotalMilliseconds, 2);
        return new Answer(new DependencyHealth(name, detail is null ? "ok" : "away", latency, detail), cause);
    }

    // One after the other, on the one connection for this. What cannot be looked at says nothing: it needs no more than what was
    // checked just now.
    private async Task<IReadOnlyList<HealthNotice>> LookAsync()
    {
        List<HealthNotice> found = [];
        using var timeout = new CancellationTokenSource(CheckTimeout, time);
        try
        {
            foreach (var notice in notices)
            {
                if (await notice.LookAsync(pools.Probe, timeout.Token) is { } detail)
                    found.Add(new HealthNotice(notice.Name, detail));
            }
        }
        catch (Exception e) when (e is NpgsqlException or OperationCanceledException)
        {
            return found;
        }

        return found;
    }

    // By a connection of its own: a pool whose connections are all busy says nothing of the server.
    private async Task CheckPrimaryAsync(CancellationToken cancellationToken)
    {
        await migrations.Applied.WaitAsync(cancellationToken);
        await AnswersAsync(pools.Probe, cancellationToken);
    }

    private static async Task AnswersAsync(NpgsqlDataSource source, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand("SELECT 1");
        await command.ExecuteScalarAsync(cancellationToken);
    }

    private void LogChanges(HealthReport? before, Answer[] now)
    {
        for (var i = 0; i < now.Length; i++)
        {
            var (health, cause) = now[i];
            var was = before?.Checks[i].Status ?? "ok";
            if (was == health.Status)
                continue;
            if (health.Status == "ok")
                logger.DependencyBack(health.Name);
            else
                logger.DependencyAway(health.Name, health.Detail, cause);
        }
    }

    /// <summary>How a dependency answered.</summary>
    /// <param name="Cause">Why it failed, for the log; null when it answered or was late.</param>
    private sealed record Answer(DependencyHealth Health, Exception? Cause);
}
