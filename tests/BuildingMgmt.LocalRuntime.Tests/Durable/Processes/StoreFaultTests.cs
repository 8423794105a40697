using BuildingMgmt.DurableApp;
using BuildingMgmt.Testing;
using BuildingMgmt.Testing.Durable;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Processes;

/// <summary>What happens to the store must not be seen in what orchestrations give, and is said once.</summary>
public sealed class StoreFaultTests(PostgresFixture postgres)
{
    private const int Inspections = 40;
    private const string Away = "The store of orchestrations does not answer";
    private const string Back = "The store of orchestrations answers again";
    private const string Died = "did not renew its lease in time";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Killed_and_restarted_server_changes_no_result_and_is_told_of_once() =>
        SurviveAsync(server => server.KillAndRestartAsync(), log => Told(log, Away) == 1);

    [Fact]
    public Task Server_that_is_frozen_for_twenty_seconds_changes_no_result_and_is_told_of_once() =>
        SurviveAsync(
            server => server.FreezeAsync(TimeSpan.FromSeconds(20)),
            // A call is given up before that, or it comes back when the worker's lease has run out.
            log => Told(log, Away) <= 1 && Told(log, Away) + Told(log, Died) > 0 && Told(log, Back) == Told(log, Away));

    [Fact]
    public async Task Commits_whose_answers_are_lost_change_no_result()
    {
        await using var server = await BreakableServer.StartAsync();
        await using var proxy = new CuttingProxy(server.Port, cuts: 60, seed: 3);
        var cut = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Port = proxy.Port };
        await InspectAsync(cut.ConnectionString, fault: null, (_, _) => { });
        Assert.Equal(0, proxy.Left);
    }

    [Fact]
    public async Task Pool_with_too_few_connections_changes_no_result()
    {
        await using var server = await BreakableServer.StartAsync();
        var few = new NpgsqlConnectionStringBuilder(server.ConnectionString) { MaxPoolSize = 2, Timeout = 1 };
        await InspectAsync(few.ConnectionString, fault: null, (_, _) => { });
    }

    private async Task SurviveAsync(Func<BreakableServer, Task> breakAsync, Predicate<string> isToldOnce)
    {
        await using var server = await BreakableServer.StartAsync();
        await InspectAsync(
            server.ConnectionString, () => breakAsync(server), (process, log) => Assert.True(isToldOnce(log), $"{process} said: {log}"));
    }

    private static int Told(string log, string what) => log.Split(what).Length - 1;

    private async Task InspectAsync(string orchestrations, Func<Task>? fault, Action<string, string> checkLog)
    {
        using var logs = new ScratchFolder();
        await using var effects = await postgres.CreateEmptyDatabaseAsync(Token);
        await using (var source = NpgsqlDataSource.Create(effects.ConnectionString))
        await using (var command = source.CreateCommand(EffectLog.Schema))
            await command.ExecuteNonQueryAsync(Token);

        string[] paths = [logs.File("app-0.log"), logs.File("app-1.log")];
        var processes = await DurableAppProcess.StartAsync(
            paths.Length, "faults", orchestrations, effects.ConnectionString, i => paths[i], Token);
        try
        {
            var inspections = new BuildingInspections(Inspections, processes);
            var running = inspections.RunAsync();
            if (fault is not null)
            {
                await BuildingInspections.EffectsAsync(effects, atLeast: Inspections);
                await fault();
            }

            Assert.Equal(Enumerable.Range(0, Inspections).Select(BuildingInspections.Expected), await running);
            var keys = await BuildingInspections.EffectsAsync(effects);
            Assert.Equal(Inspections * (InspectBuilding.Zones + 2), keys.Count);
        }
        finally
        {
            await DurableAppProcess.StopAsync(processes);
        }

        foreach (var path in paths)
            checkLog(Path.GetFileName(path), await File.ReadAllTextAsync(path, Token));
    }
}
