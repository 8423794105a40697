using BuildingMgmt.Simulator.DemoBuilding;
using BuildingMgmt.Simulator.FaultLab;
using BuildingMgmt.Simulator.Gateways;
using BuildingMgmt.Simulator.Tests.Gateways;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.Simulator.Tests.DemoBuilding;

public sealed class DemoRunTests
{
    private static readonly DateTimeOffset Start = new(2026, 3, 10, 9, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task It_sends_the_last_hour_and_then_follows_the_clock()
    {
        var sink = await RunAsync(new DemoOptions(Seed: 1, Faults: []), TimeSpan.FromSeconds(60));

        Assert.Equal(DemoNames.Gateways, sink.Events.Select(sent => sent.GatewayId).Distinct().Order());
        var readings = RecordingSink.Readings(sink.Events).ToArray();
        Assert.Equal(readings.Length, readings.DistinctBy(reading => (reading.SensorId, reading.Metric, reading.Timestamp)).Count());
        Assert.InRange(readings.Min(reading => reading.Timestamp), Start.AddHours(-1), Start.AddMinutes(-59));
        Assert.InRange(readings.Max(reading => reading.Timestamp), Start.AddSeconds(55), Start.AddSeconds(120));

        // Every point is there within the last minute of history already.
        var points = DemoSensors.Create().SelectMany(sensor => sensor.Points, (sensor, point) => (sensor.SensorId, point.Metric)).ToHashSet();
        Assert.Equal(points, readings.Where(reading => reading.Timestamp > Start.AddMinutes(-1) && reading.Timestamp <= Start)
            .Select(reading => (reading.SensorId, reading.Metric)).ToHashSet());
    }

    [Fact]
    public async Task Same_seed_and_clock_send_the_same_readings()
    {
        var one = await RunAsync(new DemoOptions(Seed: 5, Faults: []), TimeSpan.FromSeconds(20));
        var other = await RunAsync(new DemoOptions(Seed: 5, Faults: []), TimeSpan.FromSeconds(20));
        Assert.Equal(ByGateway(one), ByGateway(other));

        static Dictionary<string, string> ByGateway(RecordingSink sink) => sink.Events.GroupBy(sent => sent.GatewayId)
            .ToDictionary(gateway => gateway.Key, gateway => string.Join(';', RecordingSink.Readings(gateway).Where(reading => reading.Timestamp <= Start)));
    }

    [Fact]
    public async Task With_all_faults_it_still_sends_and_what_was_held_goes_out_at_the_end()
    {
        var sink = await RunAsync(new DemoOptions(Seed: 1, FaultNames.All), TimeSpan.FromMinutes(10));
        Assert.Equal(DemoNames.Gateways, sink.Events.Select(sent => sent.GatewayId).Distinct().Order());
        Assert.Contains(sink.Events, sent => sent.BatchId.EndsWith("-again", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_day_that_was_slept_through_goes_out_whole_and_in_events_that_the_hub_takes()
    {
        var time = new FakeTimeProvider(Start);
        var sink = new RecordingSink();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = new DemoRun(sink, new DemoOptions(Seed: 1, Faults: []), time, NullLogger.Instance).RunAsync(stop.Token);
        await ReadingsAsync(ReadingsIn(TimeSpan.FromHours(1)), "the history is sent");

        time.Advance(TimeSpan.FromDays(1));
        await ReadingsAsync(ReadingsIn(TimeSpan.FromHours(25)), "the day is sent");
        await stop.CancelAsync();
        await running;

        Assert.All(sink.Events, sent => Assert.InRange(sent.Readings, 1, DemoOptions.ReadingsPerBatchMax));
        Assert.All(sink.Events, sent => Assert.InRange(sent.Body.Length, 1, new GatewayOptions().BytesPerSendMax));
        var slept = RecordingSink.Readings(sink.Events)
            .Where(reading => reading.Timestamp > Start && reading.Timestamp <= Start.AddDays(1))
            .ToArray();
        Assert.Equal(ReadingsIn(TimeSpan.FromDays(1)), slept.Length);
        Assert.Equal(slept.Length, slept.DistinctBy(reading => (reading.SensorId, reading.Metric, reading.Timestamp)).Count());

        Task ReadingsAsync(long wanted, string what) => Eventually.TrueAsync(
            () =>
            {
                // The timer may not have been waiting yet when the clock moved.
                time.Advance(DemoOptions.BatchInterval);
                return Task.FromResult(sink.Events.Sum(sent => sent.Readings) >= wanted || running.IsCompleted);
            },
            TimeSpan.FromSeconds(60), what, TestContext.Current.CancellationToken);
    }

    private static int ReadingsIn(TimeSpan time) =>
        DemoSensors.Create().Sum(sensor => sensor.Points.Count * (int)time.TotalSeconds / sensor.IntervalSeconds);

    private static async Task<RecordingSink> RunAsync(DemoOptions options, TimeSpan duration)
    {
        var time = new FakeTimeProvider(Start);
        var sink = new RecordingSink();
        var run = new DemoRun(sink, options, time, NullLogger.Instance);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = run.RunAsync(stop.Token);
        var events = 0;
        await Eventually.TrueAsync(
            () =>
            {
                // The clock moves on only after what is due has been sent.
                if (sink.Events.Count == events || time.GetUtcNow() < Start.AddSeconds(1))
                    time.Advance(TimeSpan.FromSeconds(4));
                events = sink.Events.Count;
                return Task.FromResult(time.GetUtcNow() >= Start + duration || running.IsCompleted);
            },
            TimeSpan.FromSeconds(60), "the demo has run for its time", TestContext.Current.CancellationToken);
        await stop.CancelAsync();
        await running;
        return sink;
    }
}
