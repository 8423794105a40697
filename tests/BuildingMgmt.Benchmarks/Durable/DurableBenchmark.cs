using System.Diagnostics;
using System.Globalization;
using BuildingMgmt.Benchmarks.Reporting;
using BuildingMgmt.DurableApp;
using BuildingMgmt.Testing;
using BuildingMgmt.Testing.Durable;
using Npgsql;

namespace BuildingMgmt.Benchmarks.Durable;

/// <summary>
/// Orchestrations through processes of an app, started and waited for over HTTP, beside bare transactions that read and write the same rows.
/// A work item is a step of an orchestration or a run of an activity. Each case checks what its orchestrations gave.
/// </summary>
internal sealed class DurableBenchmark(PostgresFixture postgres, BenchmarkReport report)
{
    /// <summary>Activities of a chain: it takes one step more than that.</summary>
    public const int ChainLength = 5;

    private const int WorkItemsOfChain = ChainLength + ChainLength + 1;
    private const int ChainsAtOnceOfProcess = 64;

    public static async Task RunAsync(BenchmarkReport report, BenchmarkSize size, CancellationToken cancellationToken)
    {
        report.Progress("durable: starting PostgreSQL");
        var postgres = new PostgresFixture();
        await using (postgres)
        {
            await postgres.InitializeAsync();
            var benchmark = new DurableBenchmark(postgres, report);
            await benchmark.IdleAsync(Of(size, 300, 50, 5), cancellationToken);
            foreach (var processes in Of<int[]>(size, [1, 2, 4], [1, 2, 4], [2]))
            {
                await benchmark.ChainsAsync(processes, Of(size, 2_000, 400, 20), cancellationToken);
                await benchmark.FanOutAsync(processes, Of(size, 20, 4, 1), cancellationToken);
            }
        }
    }

    private async Task IdleAsync(int count, CancellationToken cancellationToken)
    {
        report.Progress("durable: idle");
        await using var database = await DatabaseAsync(cancellationToken);
        var processes = await DurableAppProcess.StartAsync(1, "idle", database, cancellationToken);
        try
        {
            await RunAsync(processes[0], nameof(Measured.Chain), 1, 1, cancellationToken); // warm
            var times = new List<double>(count);
            for (var i = 0; i < count; i++)
            {
                var began = Stopwatch.GetTimestamp();
                await RunAsync(processes[0], nameof(Measured.Chain), 1, 1, cancellationToken);
                times.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }

            await using var bare = await BareTransactions.OpenAsync(database.ConnectionString, connections: 1, cancellationToken);
            var limits = await bare.TimesAsync(count, activities: 1, cancellationToken);
            report.Add(new("durable", "idle-p50", Percentile(times, 0.5), "ms", Percentile(limits, 0.5), "bare transactions, one after another"));
            report.Add(new("durable", "idle-p99", Percentile(times, 0.99), "ms", Percentile(limits, 0.99), "bare transactions, one after another"));
        }
        finally
        {
            await DurableAppProcess.StopAsync(processes);
        }
    }

    private async Task ChainsAsync(int processCount, int chains, CancellationToken cancellationToken)
    {
        var name = Name("chain-of-5", processCount);
        report.Progress($"durable: {name}");
        await using var database = await DatabaseAsync(cancellationToken);
        var processes = await DurableAppProcess.StartAsync(processCount, "chains", database, cancellationToken);
        double rate;
        try
        {
            var atOnce = ChainsAtOnceOfProcess * processCount;
            await ManyAsync(processes, nameof(Measured.Chain), ChainLength, ChainLength, chains / 4, atOnce, cancellationToken); // warm
            rate = chains * WorkItemsOfChain / await ManyAsync(processes, nameof(Measured.Chain), ChainLength, ChainLength, chains, atOnce, cancellationToken);
        }
        finally
        {
            await DurableAppProcess.StopAsync(processes);
        }

        await using var bare = await BareTransactions.OpenAsync(database.ConnectionString, connections: 16, cancellationToken);
        await bare.RatesAsync(chains / 4, ChainLength, cancellationToken); // warm
        var limit = WorkItemsOfChain * await bare.RatesAsync(chains, ChainLength, cancellationToken);
        report.Add(new("durable", name, rate, "work items/s", limit, "bare transactions of 16 connections"));
    }

    private async Task FanOutAsync(int processCount, int times, CancellationToken cancellationToken)
    {
        const int width = 1_000;
        var name = Name("fan-out-1000", processCount);
        report.Progress($"durable: {name}");
        await using var database = await DatabaseAsync(cancellationToken);
        var processes = await DurableAppProcess.StartAsync(processCount, "fanouts", database, cancellationToken);
        double rate;
        try
        {
            await ManyAsync(processes, nameof(Measured.FanOut), width, width, 2, 1, cancellationToken); // warm
            rate = (double)times * width / await ManyAsync(processes, nameof(Measured.FanOut), width, width, times, 1, cancellationToken);
        }
        finally
        {
            await DurableAppProcess.StopAsync(processes);
        }

        await using var bare = await BareTransactions.OpenAsync(database.ConnectionString, connections: 16, cancellationToken);
        var limit = await bare.FanOutRateAsync(width, times, cancellationToken);
        report.Add(new("durable", name, rate, "activities/s", limit, "bare transactions of 16 connections"));
    }

    /// <returns>Seconds.</returns>
    private static async Task<double> ManyAsync(
        IReadOnlyList<DurableAppProcess> processes, string orchestrator, int input, int output, int count, int atOnce, CancellationToken cancellationToken)
    {
        var next = -1;
        var began = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, atOnce).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) is var i && i < count)
                await RunAsync(processes[i % processes.Count], orchestrator, input, output, cancellationToken);
        }));
        return Stopwatch.GetElapsedTime(began).TotalSeconds;
    }

    private static async Task RunAsync(
        DurableAppProcess process, string orchestrator, int input, int output, CancellationToken cancellationToken)
    {
        var path = string.Create(CultureInfo.InvariantCulture, $"{orchestrator}/{input}");
        using var answer = await process.Http.PostAsync(new Uri(path, UriKind.Relative), null, cancellationToken);
        var text = await answer.Content.ReadAsStringAsync(cancellationToken);
        if (text != string.Create(CultureInfo.InvariantCulture, $"Completed {output}"))
            throw new InvalidOperationException($"{orchestrator} gave \"{text}\" ({(int)answer.StatusCode}); it must complete with {output}.");
    }

    private async Task<TestDatabase> DatabaseAsync(CancellationToken cancellationToken)
    {
        var database = await postgres.CreateEmptyDatabaseAsync(cancellationToken);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var command = source.CreateCommand(EffectLog.Schema);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return database;
    }

    private static T Of<T>(BenchmarkSize size, T full, T quick, T trial) => size switch
    {
        BenchmarkSize.Full => full,
        BenchmarkSize.Quick => quick,
        _ => trial,
    };

    private static string Name(string what, int processes) => string.Create(CultureInfo.InvariantCulture, $"{what}-by-{processes}");

    private static double Percentile(List<double> values, double share)
    {
        values.Sort();
        return values[Math.Min(values.Count - 1, (int)(values.Count * share))];
    }
}
