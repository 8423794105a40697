using System.Diagnostics;
using System.Text.Json;
using Azure.Messaging.EventHubs;
using Azure.Messaging.EventHubs.Producer;
using BuildingMgmt.Benchmarks.Load;
using BuildingMgmt.Benchmarks.Reporting;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Benchmarks.Ingest;

/// <summary>Time from the hub's acceptance of an event to its reading in the dashboard's answer, at 1,000 readings a second.</summary>
internal sealed class FreshnessCase(RunningStack stack, BenchmarkReport report, string suffix)
{
    private const int EventsPerSecond = 10;
    private const int ReadingsPerEvent = 100;

    /// <param name="start">Nothing newer was sent.</param>
    public async Task MeasureAsync(DateTime start, TimeSpan duration, CancellationToken cancellationToken)
    {
        report.Progress("ingest: freshness at 1,000 readings a second");
        using var http = await stack.LoginAsync("viewer", cancellationToken);
        await using var producer = new EventHubProducerClient(stack.Run.EventHubs, stack.Run.Hub);
        var delays = new LatencyHistogram();
        using var everyEvent = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / EventsPerSecond));
        for (var sent = 0; sent < duration.TotalSeconds * EventsPerSecond; sent++)
        {
            await everyEvent.WaitForNextTickAsync(cancellationToken);
            // Each event is a second of its own, and starts with the first sensor of the first floor.
            var time = start.AddSeconds(sent);
            await producer.SendAsync([new EventData(Campus.BatchOf(time, 0, ReadingsPerEvent))], cancellationToken);
            var accepted = Stopwatch.StartNew();
            await VisibleAsync(http, time, cancellationToken);
            delays.Add(accepted.Elapsed);
        }

        report.Add(new BenchmarkResult("ingest", $"freshness-p50{suffix}", delays.PercentileMs(0.5), "ms"));
        report.Add(new BenchmarkResult("ingest", $"freshness-p99{suffix}", delays.PercentileMs(0.99), "ms"));
    }

    private static async Task VisibleAsync(HttpClient http, DateTime time, CancellationToken cancellationToken)
    {
        var first = Campus.SensorId(0);
        while (true)
        {
            using var answer = await JsonDocument.ParseAsync(
                await http.GetStreamAsync(new Uri($"api/dashboard/floor/{Campus.FloorId(0)}", UriKind.Relative), cancellationToken),
                cancellationToken: cancellationToken);
            foreach (var sensor in answer.RootElement.GetProperty("sensors").EnumerateArray())
            {
                if (sensor.GetProperty("sensor_id").GetGuid() == first
                    && sensor.GetProperty("metrics").TryGetProperty("temperature", out var point)
                    && point.GetProperty("timestamp").GetDateTimeOffset().UtcDateTime >= time)
                    return;
            }
        }
    }
}
