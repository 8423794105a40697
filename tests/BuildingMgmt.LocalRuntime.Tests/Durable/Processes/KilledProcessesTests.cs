using BuildingMgmt.DurableApp;
using BuildingMgmt.Testing;
using BuildingMgmt.Testing.Durable;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Processes;

public sealed class KilledProcessesTests(PostgresFixture postgres)
{
    private const int Inspections = 200;
    private const int Few = 20;

    // So that it comes to an end also where a process needs longer than a second to start.
    private const int KillsMax = 30;
    private const int KillsMin = 10;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Undisturbed_processes_end_every_orchestration()
    {
        await using var database = await DatabaseAsync();
        await RunAsync(database, Few, kill: false);
    }

    [Fact]
    public async Task Processes_killed_every_second_end_every_orchestration_as_undisturbed_ones_do()
    {
        await using var database = await DatabaseAsync();
        await RunAsync(database, Inspections, kill: true);
    }

    private static async Task RunAsync(TestDatabase database, int count, bool kill)
    {
        var ends = await EndsAsync(database, count, kill);
        Assert.Equal(Enumerable.Range(0, count).Select(BuildingInspections.Expected), ends);
        Assert.Equal(BuildingInspections.ExpectedEffects(count), await BuildingInspections.EffectsAsync(database));
    }

    private static async Task<IReadOnlyList<string>> EndsAsync(TestDatabase database, int count, bool kill)
    {
        var processes = await DurableAppProcess.StartAsync(3, "inspections", database, Token);
        try
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var killing = kill ? KillAsync(processes, over.Token) : Task.FromResult(KillsMax);
            var ends = await new BuildingInspections(count, processes).RunAsync();
            await over.CancelAsync();
            Assert.InRange(await killing, KillsMin, KillsMax);
            return ends;
        }
        finally
        {
            await DurableAppProcess.StopAsync(processes);
        }
    }

    /// <returns>How many were killed.</returns>
    private static async Task<int> KillAsync(IReadOnlyList<DurableAppProcess> processes, CancellationToken over)
    {
        var random = new Random(7);
        using var everySecond = new PeriodicTimer(TimeSpan.FromSeconds(1));
        var kills = 0;
        try
        {
            for (; kills < KillsMax; kills++)
            {
                await everySecond.WaitForNextTickAsync(over);
                await processes[random.Next(processes.Count)].KillAndRestartAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // All have ended.
        }

        return kills;
    }

    private async Task<TestDatabase> DatabaseAsync()
    {
        var database = await postgres.CreateEmptyDatabaseAsync(Token);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand(EffectLog.Schema);
        await command.ExecuteNonQueryAsync(Token);
        return database;
    }
}
