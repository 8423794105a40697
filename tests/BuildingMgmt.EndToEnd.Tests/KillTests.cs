using System.Diagnostics;
using System.Globalization;
using BuildingMgmt.LocalStack.Data;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.EndToEnd.Tests;

public sealed class KillTests
{
    /// <summary>What is killed, in this order and again: both instances, the hub's endpoint, and Azurite, which forgets its last seconds.</summary>
    private static readonly string[] Victims = ["app-0", "event-hubs", "azurite", "app-1"];

    private const int KillsMax = 12;
    private const int KillsMin = 8;
    private const int RecordedMinutes = 20_000;
    private const int ReplaySeconds = 100;

    [Fact]
    public async Task Processes_killed_during_a_replay_lose_nothing_and_double_nothing()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        using var scratch = new ScratchFolder();
        var set = RecordedDataSet.Generate(Path.Combine(scratch.Path, "generated"), RecordedMinutes, seed: 11);
        var speed = (RecordedMinutes * 60 / ReplaySeconds).ToString(CultureInfo.InvariantCulture);

        await using var stack = await RunningStack.StartAsync(
            "--no-demo", "--instances", "2", "--restart-services", "--replay", set.Folder, "--speed", speed);
        var replay = stack.Process.WaitForLineAsync("sent ", TimeSpan.FromMinutes(5), cancellationToken);
        await using var postgres = NpgsqlDataSource.Create(stack.Run.Postgres);
        var kills = 0;
        while (kills < KillsMax && await StoresAsync(postgres, replay, cancellationToken))
            await KillAsync(stack, Victims[kills++ % Victims.Length], cancellationToken);
        Assert.InRange(kills, KillsMin, KillsMax);

        await replay;
        var (sent, stored, _) = await StoredReadings.AssertEqualAsync(postgres, set, cancellationToken);
        await AssertLedgerAsync(postgres, sent, stored, cancellationToken);
        await LatestValueTable.AssertEqualsNewestRowsAsync(stack.Run, cancellationToken);
    }

    /// <summary>Waits until more is stored than now, so that every kill hits a system at work; false when the replay has ended.</summary>
    private static async Task<bool> StoresAsync(NpgsqlDataSource postgres, Task replay, CancellationToken cancellationToken)
    {
        var before = await StoredAsync(postgres, cancellationToken);
        await Eventually.TrueAsync(
            async () => replay.IsCompleted || await StoredAsync(postgres, cancellationToken) > before,
            TimeSpan.FromSeconds(60), "readings are stored again", cancellationToken);
        return !replay.IsCompleted;
    }

    private static async Task<long> StoredAsync(NpgsqlDataSource postgres, CancellationToken cancellationToken)
    {
        await using var command = postgres.CreateCommand("SELECT coalesce(sum(stored), 0)::bigint FROM gateway_ledger");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }

    private static async Task KillAsync(RunningStack stack, string name, CancellationToken cancellationToken)
    {
        var victim = RunFile.Read(stack.RunFilePath).Processes.Single(process => process.Name == name).ProcessId;
        using (var process = Process.GetProcessById(victim))
            process.Kill();
        await Eventually.TrueAsync(
            () => Task.FromResult(RunFile.Read(stack.RunFilePath).Processes.Any(process => process.Name == name && process.ProcessId != victim)),
            TimeSpan.FromSeconds(60), $"{name} runs again", cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static async Task AssertLedgerAsync(NpgsqlDataSource postgres, long sent, long stored, CancellationToken cancellationToken)
    {
        await using var command = postgres.CreateCommand(
            "SELECT sum(sent)::bigint, sum(stored)::bigint, sum(dead_lettered)::bigint FROM gateway_ledger");
        await using var ledger = await command.ExecuteReaderAsync(cancellationToken);
        Assert.True(await ledger.ReadAsync(cancellationToken));
        // A gateway that lost an acknowledgement sends again: more may have been sent than there are rows, as duplicates.
        Assert.InRange(ledger.GetInt64(0), sent, long.MaxValue);
        Assert.Equal(stored, ledger.GetInt64(1));
        Assert.Equal(0, ledger.GetInt64(2));
    }
}
