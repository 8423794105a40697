using System.Collections.Concurrent;
using System.IO.Compression;
using System.Text.Json;
using BuildingMgmt.Simulator.Gateways;

namespace BuildingMgmt.Simulator.Tests.Gateways;

/// <summary>A hub that keeps what it is sent, and fails as a test has told it to.</summary>
internal sealed class RecordingSink : IEventSink
{
    private readonly ConcurrentQueue<GatewayEvent> _events = new();

    public IReadOnlyCollection<GatewayEvent> Events => _events;

    /// <summary>Called before each send with its number, from 0; throws what the hub answers.</summary>
    public Func<int, Task> BeforeSend { get; init; } = _ => Task.CompletedTask;

    public int Sends { get; private set; }

    public async Task SendAsync(string gatewayId, IReadOnlyList<GatewayEvent> events, CancellationToken cancellationToken)
    {
        await BeforeSend(Sends++).WaitAsync(cancellationToken);
        Assert.All(events, sent => Assert.Equal(gatewayId, sent.GatewayId));
        foreach (var sent in events)
            _events.Enqueue(sent);
    }

    public static JsonDocument Parse(GatewayEvent sent)
    {
        if (!sent.IsGzip)
            return JsonDocument.Parse(sent.Body);
        using var gzip = new GZipStream(new MemoryStream(sent.Body.ToArray()), CompressionMode.Decompress);
        return JsonDocument.Parse(gzip);
    }

    /// <summary>All readings of the events, in the order in which they were sent.</summary>
    public static IEnumerable<SensorReading> Readings(IEnumerable<GatewayEvent> events)
    {
        foreach (var sent in events)
        {
            using var json = Parse(sent);
            foreach (var element in json.RootElement.GetProperty("batch").EnumerateArray())
            {
                foreach (var metric in element.GetProperty("data").EnumerateObject())
                {
                    yield return new SensorReading(
                        element.GetProperty("sensor_id").GetGuid(),
                        element.GetProperty("timestamp").GetDateTimeOffset(),
                        metric.Name,
                        metric.Value.ValueKind == JsonValueKind.Number ? metric.Value.GetDouble() : 0,
                        metric.Value.ValueKind == JsonValueKind.String ? metric.Value.GetString() : null);
                }
            }
        }
    }
}
