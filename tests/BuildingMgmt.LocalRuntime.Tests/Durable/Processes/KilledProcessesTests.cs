using BuildingMgmt.DurableApp;
using BuildingMgmt.Testing;
using BuildingMgmt.Testing.Durable;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Processes;

public sealed class KilledProcessesTests(PostgresFixture postgres)
{
    private const int Inspections = 100;
    private const int Few = 20;
    private const int Kills = 12;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public Task Undisturbed_processes_end_every_orchestration() =>
        AllEndAsync((_, inspections) => inspections.RunAsync(Few));

    [Fact]
    public Task Processes_killed_every_second_end_every_orchestration_as_undisturbed_ones_do() =>
        AllEndAsync(async (processes, inspections) =>
        {
            using var over = CancellationTokenSource.CreateLinkedTokenSource(Token);
            var killing = KillAsync(processes, over.Token);
            var ends = new List<string>();
            try
            {
                // So that every kill disturbs something, however fast the machine is.
                do
                    ends.AddRange(await inspections.RunAsync(Inspections, ends.Count));
                while (!killing.IsCompleted);
                await killing;
            }
            finally
            {
                await over.CancelAsync();
                await killing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            return ends;
        });

    private async Task AllEndAsync(Func<IReadOnlyList<DurableAppProcess>, BuildingInspections, Task<IReadOnlyList<string>>> inspectAsync)
    {
        await using var database = await DatabaseAsync();
        var processes = await DurableAppProcess.StartAsync(3, "inspections", database, Token);
        try
        {
            var ends = await inspectAsync(processes, new(processes));
            Assert.Equal(Enumerable.Range(0, ends.Count).Select(BuildingInspections.Expected), ends);
            Assert.Equal(BuildingInspections.ExpectedEffects(ends.Count), await BuildingInspections.EffectsAsync(database));
        }
        finally
        {
            await DurableAppProcess.StopAsync(processes);
        }
    }

    private static async Task KillAsync(IReadOnlyList<DurableAppProcess> processes, CancellationToken over)
    {
        var random = new Random(7);
        using var everySecond = new PeriodicTimer(TimeSpan.FromSeconds(1));
        for (var kills = 0; kills < Kills; kills++)
        {
            await everySecond.WaitForNextTickAsync(over);
            await processes[random.Next(processes.Count)].KillAndRestartAsync();
        }
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
