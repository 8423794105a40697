using System.Net;
using System.Net.Http.Headers;
using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Producer;
using BuildingMgmt.Benchmarks.Ingest;
using BuildingMgmt.Benchmarks.Load;
using BuildingMgmt.Benchmarks.Reporting;
using BuildingMgmt.Database;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Benchmarks.Dashboard;

/// <summary>
/// 100 users who ask for one floor of 100 sensors as fast as they are answered, while the floor goes on reporting, beside a
/// bare Kestrel endpoint in its own process that answers the same bytes. The two are measured in turns, best round of each.
/// </summary>
internal sealed class DashboardBenchmark(RunningStack stack, BenchmarkReport report)
{
    private const int Users = 100;
    private static readonly Uri Floor = new($"api/dashboard/floor/{Campus.FloorId(0)}", UriKind.Relative);

    public static async Task RunAsync(BenchmarkReport report, BenchmarkSize size, CancellationToken cancellationToken)
    {
        report.Progress("dashboard: starting the system");
        await using var stack = await RunningStack.StartAsync("--no-demo");
        await using var postgres = NpgsqlDataSource.Create(stack.Run.Postgres);
        await CatalogueImport.ImportAsync(postgres, Campus.Building, cancellationToken);
        await new DashboardBenchmark(stack, report).MeasureAsync(size, cancellationToken);
    }

    private async Task MeasureAsync(BenchmarkSize size, CancellationToken cancellationToken)
    {
        using var http = await stack.LoginAsync("viewer", cancellationToken);
        await SendRoundAsync(round: 0, cancellationToken);
        var (body, etag) = await CompleteFloorAsync(http, cancellationToken);

        using var scratch = new ScratchFolder();
        var bodyFile = Path.Combine(scratch.Path, "floor.json");
        await File.WriteAllBytesAsync(bodyFile, body, cancellationToken);
        var (bareProcess, bare) = await BareKestrel.StartAsync(bodyFile, cancellationToken);
        try
        {
            var app = new Uri(http.BaseAddress!, Floor);
            var token = $"Authorization: {http.DefaultRequestHeaders.Authorization}\r\n";
            var duration = TimeSpan.FromSeconds(size switch { BenchmarkSize.Full => 10, BenchmarkSize.Quick => 4, _ => 0.5 });
            report.Progress($"dashboard: {body.Length:N0} bytes, {Users} users");
            await FloorAsync(app, bare, token, duration, cancellationToken);
            (_, etag) = await CompleteFloorAsync(http, cancellationToken); // the floor went on reporting
            await NotModifiedAsync(app, bare, token, etag, duration, cancellationToken);
        }
        finally
        {
            bareProcess.StandardInput.Close();
            await bareProcess.WaitForExitAsync(CancellationToken.None);
            bareProcess.Dispose();
        }
    }

    private async Task FloorAsync(Uri app, Uri bare, string token, TimeSpan duration, CancellationToken cancellationToken)
    {
        using var reporting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sensors = ReportEveryMinuteAsync(reporting.Token);
        using var admin = await stack.LoginAsync("admin", cancellationToken);
        var before = await DashboardCounts.ReadAsync(admin, cancellationToken);
        var (ours, limit) = await InTurnsAsync(app, bare, token, 200, duration, cancellationToken);
        var counts = await DashboardCounts.ReadAsync(admin, cancellationToken) - before;
        await reporting.CancelAsync();
        await sensors;
        report.Add(new BenchmarkResult("dashboard", "floor", ours.RequestsPerSecond, "requests/s", limit.RequestsPerSecond, "bare Kestrel with the same bytes"));
        report.Add(new BenchmarkResult("dashboard", "floor-p99", ours.P99Ms, "ms", limit.P99Ms, "bare Kestrel with the same bytes"));
        if (counts.Answers < ours.Requests)
            throw new InvalidOperationException($"The app counted {counts.Answers} answers, and {ours.Requests} were had in one round alone.");
        report.Add(new BenchmarkResult("dashboard", "hit-rate", counts.HitRate, "of all answers", 1.0, "every answer from the cache"));
    }

    private async Task NotModifiedAsync(Uri app, Uri bare, string token, EntityTagHeaderValue etag, TimeSpan duration, CancellationToken cancellationToken)
    {
        var headers = $"{token}If-None-Match: {etag}\r\n";
        var (ours, limit) = await InTurnsAsync(app, bare, headers, 304, duration, cancellationToken);
        report.Add(new BenchmarkResult("dashboard", "not-modified", ours.RequestsPerSecond, "requests/s", limit.RequestsPerSecond, "bare Kestrel answering 304"));
    }

    private static async Task<(HttpLoadResult Ours, HttpLoadResult Limit)> InTurnsAsync(
        Uri app, Uri bare, string headers, int status, TimeSpan duration, CancellationToken cancellationToken)
    {
        HttpLoadResult? ours = null, limit = null;
        await HttpLoad.RunAsync(app, headers, status, Users, duration / 2, cancellationToken); // warm
        await HttpLoad.RunAsync(bare, headers, status, Users, duration / 2, cancellationToken);
        for (var round = 0; round < 2; round++)
        {
            limit = Better(limit, await HttpLoad.RunAsync(bare, headers, status, Users, duration, cancellationToken));
            ours = Better(ours, await HttpLoad.RunAsync(app, headers, status, Users, duration, cancellationToken));
        }

        if (ours!.Unexpected > 0)
            throw new InvalidOperationException($"{ours.Unexpected} of {ours.Requests} answers of {app} did not have status {status}.");
        return (ours, limit!);
    }

    private static HttpLoadResult Better(HttpLoadResult? before, HttpLoadResult now) =>
        before is null || now.RequestsPerSecond > before.RequestsPerSecond ? now : before;

    private async Task ReportEveryMinuteAsync(CancellationToken cancellationToken)
    {
        using var everySecond = new PeriodicTimer(TimeSpan.FromSeconds(1));
        try
        {
            // 1,000 sensors a minute are 17 a second.
            for (var second = 1; await everySecond.WaitForNextTickAsync(cancellationToken); second++)
                await SendRoundAsync(second, cancellationToken, sensors: 17);
        }
        catch (OperationCanceledException)
        {
            // The measurement has ended.
        }
    }

    private async Task SendRoundAsync(int round, CancellationToken cancellationToken, int sensors = Campus.Sensors / Campus.Floors)
    {
        await using var producer = new EventHubProducerClient(stack.Run.EventHubs, stack.Run.Hub);
        var time = new DateTime(2025, 7, 1, 0, 0, 0, DateTimeKind.Utc).AddSeconds(round);
        await producer.SendAsync([new EventData(Campus.BatchOf(time, 0, sensors * Campus.Metrics.Length))], cancellationToken);
    }

    private static async Task<(byte[] Body, EntityTagHeaderValue ETag)> CompleteFloorAsync(HttpClient http, CancellationToken cancellationToken)
    {
        byte[] body = [];
        EntityTagHeaderValue? etag = null;
        await Eventually.TrueAsync(async () =>
        {
            using var answer = await http.GetAsync(Floor, cancellationToken);
            if (answer.StatusCode != HttpStatusCode.OK)
                return false;
            body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            etag = answer.Headers.ETag;
            var values = System.Text.Encoding.UTF8.GetString(body).Split("\"value\":").Length - 1;
            return values == Campus.Sensors / Campus.Floors * Campus.Metrics.Length;
        }, TimeSpan.FromSeconds(60), "the floor shows all of its points", cancellationToken);
        return (body, etag ?? throw new InvalidOperationException("The dashboard's answer has no ETag."));
    }
}
