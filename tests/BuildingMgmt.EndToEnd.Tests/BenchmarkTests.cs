using System.Text.Json;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.Testing;

namespace BuildingMgmt.EndToEnd.Tests;

/// <summary>The benchmarks are run small, so that they do not rot. They check their own results; how fast they are says nothing here.</summary>
public sealed class BenchmarkTests
{
    [Theory]
    [InlineData(
        "ingest",
        "events-of-1", "events-of-100", "events-of-1000", "events-of-10000", "bytes-a-row",
        "cpu-a-million", "cpu-a-million-of-1", "cpu-a-million-of-100", "cpu-a-million-of-10000", "freshness-p50", "freshness-p99",
        "allocated-of-1", "allocated-of-100", "allocated-of-1000", "allocated-of-10000",
        "allocated-to-commit-of-1", "allocated-to-commit-of-100", "allocated-to-commit-of-1000", "allocated-to-commit-of-10000")]
    [InlineData(
        "store-ways",
        "production-new", "production-all-again", "production-one-in-100-again",
        "copy-or-insert-new", "copy-or-insert-all-again", "copy-or-insert-one-in-100-again",
        "batch-ledger-new", "batch-ledger-all-again", "batch-ledger-one-in-100-again",
        "staged-new", "staged-all-again", "staged-one-in-100-again",
        "unnest-new", "unnest-all-again", "unnest-one-in-100-again",
        "production-events-of-10-by-100-new", "production-events-of-10-alone-new")]
    [InlineData("dashboard", "floor", "floor-p99", "hit-rate", "not-modified")]
    [InlineData("roll-ups", "every-second", "every-second-buckets", "every-minute", "every-minute-buckets")]
    [InlineData("durable", "idle-p50", "idle-p99", "chain-of-5-by-2", "fan-out-1000-by-2")]
    [InlineData("durable-sim", "seeds-passed", "simulated", "processes")]
    public async Task Benchmark_gives_a_figure_for_each_of_its_cases(string name, params string[] cases)
    {
        var figures = new List<JsonElement>();
        await using var benchmark = ServiceProcess.Start(new()
        {
            Name = "benchmark",
            FileName = Executables.Dotnet,
            Arguments = [Program(), name, "--trial"],
            OnLine = line =>
            {
                if (line.StartsWith("BENCH ", StringComparison.Ordinal))
                    figures.Add(JsonElement.Parse(line["BENCH ".Length..]));
            },
        });
        var exitCode = await benchmark.Exited.WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);

        Assert.True(exitCode == 0, benchmark.LastLines);
        Assert.Equal(cases.Select(one => (name, one)).Order(), figures.Select(figure => (Text(figure, "bench"), Text(figure, "case"))).Distinct().Order());
        Assert.All(figures, figure => Assert.True(figure.GetProperty("value").GetDouble() > 0, figure.ToString()));

        static string Text(JsonElement figure, string property) => figure.GetProperty(property).GetString()!;
    }

    private static string Program()
    {
        // Of the same configuration: …/bin/<configuration>/<framework>/
        var own = new DirectoryInfo(AppContext.BaseDirectory);
        return Path.Combine(
            RepositoryRoot.Path, "tests", "BuildingMgmt.Benchmarks", "bin", own.Parent!.Name, own.Name, "BuildingMgmt.Benchmarks.dll");
    }
}
