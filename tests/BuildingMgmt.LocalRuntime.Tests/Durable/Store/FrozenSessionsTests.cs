using System.Security.Cryptography;
using BuildingMgmt.LocalRuntime.Durable.Execution;
using BuildingMgmt.LocalRuntime.Durable.Store;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Store;

/// <summary>A process that stands still in the middle of a commit holds what it has locked, until its session is ended.</summary>
public sealed class FrozenSessionsTests(PostgresStores stores) : IClassFixture<PostgresStores>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Session_that_waits_for_the_rest_of_a_commit_is_ended_and_its_instance_taken_over()
    {
        var hub = stores.NewHub();
        var application = $"frozen {hub}";
        var named = new NpgsqlConnectionStringBuilder(stores.ConnectionString) { ApplicationName = application }.ConnectionString;
        await using var cut = await CutConnection.ToAsync(named);
        var (frozen, other) = (await stores.OpenAsync(hub, cut.Source), await stores.OpenAsync(hub));
        var (dead, worker) = (await other.EnterAsync(Token), await other.EnterAsync(Token));
        await other.CreateAsync("a", dead);
        var step = (await other.TakeOneAsync(dead)).Step() with { Messages = [new("a", null, new EventRaised("Large", Large(), Guid.NewGuid()))] };
        cut.AskingStandsStillAfter(1_000_000);
        var committing = frozen.CommitStepsAsync(dead, [step], 0, Token);
        await Eventually.TrueAsync(
            () => stores.ScalarAsync<bool>(
                "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = $1 AND state = 'active' AND wait_event = 'ClientRead' AND backend_xid IS NOT NULL)",
                application),
            TimeSpan.FromSeconds(30), "the server waits for the rest", Token);
        await stores.ExpireAsync(dead);
        Assert.Empty((await other.TakeAsync(worker)).Instances);

        await EndAsync("something else", TimeSpan.Zero);
        await EndAsync(application, FrozenSessions.LongerThanAnyCall);
        Assert.Empty((await other.TakeAsync(worker)).Instances);
        await EndAsync(application, TimeSpan.Zero);

        await Eventually.TrueAsync(
            async () => (await other.TakeAsync(worker)).Instances is [{ InstanceId: "a", Step: 0 }], TimeSpan.FromSeconds(30), "it is taken over", Token);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => committing);

        async Task EndAsync(string application, TimeSpan standingFor)
        {
            await using var source = NpgsqlDataSource.Create(
                new NpgsqlConnectionStringBuilder(stores.ConnectionString) { ApplicationName = application, Pooling = false }.ConnectionString);
            await using var connection = await source.OpenConnectionAsync(Token);
            await new FrozenSessions(NullLogger.Instance).EndAsync(connection, standingFor, timeoutSeconds: 10, Token);
        }
    }

    // 3 MB that do not get smaller by much.
    private static string Large() => $"\"{Convert.ToBase64String(RandomNumberGenerator.GetBytes(3_000_000))}\"";
}
