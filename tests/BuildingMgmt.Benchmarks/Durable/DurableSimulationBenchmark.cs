using System.Diagnostics;
using BuildingMgmt.Benchmarks.Reporting;
using BuildingMgmt.LocalRuntime.Tests.Durable.Simulation;

namespace BuildingMgmt.Benchmarks.Durable;

/// <summary>Ten thousand seeds of the simulation of the durable engine: less a measurement than a search for the one that fails.</summary>
internal static class DurableSimulationBenchmark
{
    private const int FirstSeed = 100_000;

    public static async Task RunAsync(BenchmarkReport report, bool quick, CancellationToken cancellationToken)
    {
        var seeds = quick ? 500 : 10_000;
        report.Progress($"durable-sim: {seeds:N0} seeds from {FirstSeed}");
        var began = Stopwatch.GetTimestamp();
        var (steps, processes, done) = (0L, 0L, 0);
        var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = cancellationToken };

        // A seed that fails throws, and its message names it.
        await Parallel.ForAsync(FirstSeed, FirstSeed + seeds, options, (seed, _) =>
        {
            var result = DurableSimulation.Run(seed);
            Interlocked.Add(ref steps, result.Steps);
            Interlocked.Add(ref processes, result.Processes);
            if (Interlocked.Increment(ref done) % 1_000 == 0)
                report.Progress($"durable-sim: {done:N0} seeds");
            return ValueTask.CompletedTask;
        });
        var seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        report.Add(new BenchmarkResult("durable-sim", "seeds-passed", seeds, "seeds"));
        report.Add(new BenchmarkResult("durable-sim", "simulated", steps / seconds, "steps/s"));
        report.Add(new BenchmarkResult("durable-sim", "processes", processes, "processes"));
    }
}
