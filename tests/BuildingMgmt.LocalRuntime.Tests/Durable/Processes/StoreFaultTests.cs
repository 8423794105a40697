using BuildingMgmt.Testing;
using Npgsql;
using static BuildingMgmt.LocalRuntime.Tests.Durable.Processes.StoreFaults;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Processes;

/// <summary>What happens to the store must not be seen in what orchestrations give, and is said once.</summary>
public sealed class StoreFaultTests(PostgresFixture postgres)
{
    [Fact]
    public Task Killed_and_restarted_server_changes_no_result_and_is_told_of_once() =>
        SurviveAsync(postgres, server => server.KillAndRestartAsync(), log => Told(log, Away) == 1);

    [Fact]
    public async Task Commits_whose_answers_are_lost_change_no_result()
    {
        await using var server = await BreakableServer.StartAsync();
        var lost = new LostAnswers(60, seed: 3);
        var (relay, way) = Relay.Before(server.ConnectionString, answered: lost.Arrives);
        await using (relay)
            await InspectAsync(postgres, way, fault: null, (_, _) => { });
        Assert.Equal(0, lost.Left);
    }

    [Fact]
    public async Task Pool_with_too_few_connections_changes_no_result()
    {
        await using var server = await BreakableServer.StartAsync();
        var few = new NpgsqlConnectionStringBuilder(server.ConnectionString) { MaxPoolSize = 2, Timeout = 1 };
        await InspectAsync(postgres, few.ConnectionString, fault: null, (_, _) => { });
    }
}

/// <summary>Of its own class, so that the others run while it waits.</summary>
public sealed class FrozenStoreTests(PostgresFixture postgres)
{
    [Fact]
    public Task Server_that_is_frozen_for_twenty_seconds_changes_no_result_and_is_told_of_without_repeating_it() =>
        SurviveAsync(
            postgres,
            server => server.FreezeAsync(TimeSpan.FromSeconds(20)),
            // A call is given up before that, or it comes back when the worker's lease has run out.
            log => Told(log, Away) <= 1 && Told(log, Away) + Told(log, Died) > 0 && Told(log, Back) == Told(log, Away));
}
