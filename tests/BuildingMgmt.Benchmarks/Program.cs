using System.CommandLine;
using BuildingMgmt.Benchmarks.Dashboard;
using BuildingMgmt.Benchmarks.Durable;
using BuildingMgmt.Benchmarks.Ingest;
using BuildingMgmt.Benchmarks.Reporting;
using BuildingMgmt.Benchmarks.RollUps;
using BuildingMgmt.Benchmarks.StoreWays;

// The systems that are started inherit it: what is measured is what they can do, and not what one caller may take.
Environment.SetEnvironmentVariable("RateLimits__RequestsPerCallerPerMinute", "0");
Environment.SetEnvironmentVariable("RateLimits__RequestsPerAddressPerMinute", "0");

var benchmarks = new Dictionary<string, Func<BenchmarkReport, BenchmarkRequest, CancellationToken, Task>>
{
    ["ingest"] = IngestBenchmark.RunAsync,
    ["store-ways"] = (report, request, token) => StoreWaysBenchmark.RunAsync(report, request.Size, token),
    ["dashboard"] = (report, request, token) => DashboardBenchmark.RunAsync(report, request.Size, token),
    ["roll-ups"] = (report, request, token) => RollUpBenchmark.RunAsync(report, request.Size, token),
    ["durable"] = (report, request, token) => DurableBenchmark.RunAsync(report, request.Size, token),
    ["durable-sim"] = (report, request, token) => DurableSimulationBenchmark.RunAsync(report, request.Size, token),
};

var names = new Argument<string[]>("name")
{
    Description = $"What to measure: {string.Join(", ", benchmarks.Keys)}, or all.",
    Arity = ArgumentArity.OneOrMore,
};
names.AcceptOnlyFromAmong([.. benchmarks.Keys, "all"]);
var quick = new Option<bool>("--quick") { Description = "Smaller tables: under two minutes a name." };
var trial = new Option<bool>("--trial") { Description = "Hardly anything: whether the benchmarks work, not how fast the system is." };
var rows = new Option<long>("--rows") { Description = "ingest: readings that the table holds beforehand, such as 43000000; they take some minutes to fill in." };
var root = new RootCommand("Measures the system, each figure beside the physical limit of the same run.") { names, quick, trial, rows };
root.SetAction(async (arguments, cancellationToken) =>
{
    var report = new BenchmarkReport(Console.Error);
    var size = arguments.GetValue(trial) ? BenchmarkSize.Trial : arguments.GetValue(quick) ? BenchmarkSize.Quick : BenchmarkSize.Full;
    var request = new BenchmarkRequest(size, arguments.GetValue(rows));
    var chosen = arguments.GetValue(names)!;
    foreach (var (name, run) in benchmarks.Where(benchmark => chosen.Contains("all") || chosen.Contains(benchmark.Key)))
        await run(report, request, cancellationToken);
    report.Print();
});

var bodyFile = new Argument<string>("file") { Description = "The bytes to answer with." };
var bareKestrel = new Command(BareKestrel.Command, "Serves a file's bytes: the limit of the dashboard benchmark.") { bodyFile };
bareKestrel.Hidden = true;
bareKestrel.SetAction((arguments, cancellationToken) => BareKestrel.ServeAsync(arguments.GetRequiredValue(bodyFile), cancellationToken));
root.Add(bareKestrel);

return await root.Parse(args).InvokeAsync();
