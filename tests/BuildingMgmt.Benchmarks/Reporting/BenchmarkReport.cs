using System.Globalization;
using Spectre.Console;

namespace BuildingMgmt.Benchmarks.Reporting;

/// <summary>Shows progress on standard error, and at the end a table and one BENCH line per case on standard output.</summary>
internal sealed class BenchmarkReport(TextWriter progress)
{
    private readonly List<BenchmarkResult> results = [];

    public void Progress(string what) => progress.WriteLine(what);

    public void Add(BenchmarkResult result)
    {
        results.Add(result);
        progress.WriteLine(result.ToBenchLine());
    }

    public void Print()
    {
        // Redirected output has no width of its own; rows must not be folded in a file.
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, 140);
        var table = new Table().AddColumns("bench", "case", "value", "unit", "limit", "ratio", "limit is");
        foreach (var result in results)
        {
            table.AddRow(result.Bench, result.Case, Figure(result.Value), result.Unit, Figure(result.Limit),
                Figure(result.Ratio), result.LimitIs ?? "");
        }

        AnsiConsole.Write(table);
        foreach (var result in results)
            Console.WriteLine(result.ToBenchLine());
    }

    private static string Figure(double? figure) => figure switch
    {
        null => "",
        >= 1000 => figure.Value.ToString("N0", CultureInfo.InvariantCulture),
        _ => figure.Value.ToString("0.###", CultureInfo.InvariantCulture),
    };
}
