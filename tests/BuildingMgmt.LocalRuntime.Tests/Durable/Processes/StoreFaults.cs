using BuildingMgmt.DurableApp;
using BuildingMgmt.Testing;
using BuildingMgmt.Testing.Durable;
using Npgsql;

namespace BuildingMgmt.LocalRuntime.Tests.Durable.Processes;

/// <summary>Inspections by two processes while something happens to their store, which must change nothing that they give.</summary>
internal static class StoreFaults
{
    public const string Away = "The store of orchestrations does not answer";
    public const string Back = "The store of orchestrations answers again";
    public const string Died = "did not renew its lease in time";
    private const int Inspections = 40;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task SurviveAsync(
        PostgresFixture effects, Func<BreakableServer, Task> breakAsync, Predicate<string> isToldOnce)
    {
        await using var server = await BreakableServer.StartAsync();
        await InspectAsync(
            effects, server.ConnectionString, _ => breakAsync(server), (process, log) => Assert.True(isToldOnce(log), $"{process} said: {log}"));
    }

    public static int Told(string log, string what) => log.Split(what).Length - 1;

    public static async Task InspectAsync(
        PostgresFixture postgres, string orchestrations, Func<IReadOnlyList<DurableAppProcess>, Task>? fault, Action<string, string> checkLog)
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
            var running = new BuildingInspections(processes).RunAsync(Inspections);
            if (fault is not null)
            {
                await BuildingInspections.EffectsAsync(effects, atLeast: Inspections);
                await fault(processes);
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
