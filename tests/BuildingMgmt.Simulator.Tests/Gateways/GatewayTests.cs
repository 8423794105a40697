using BuildingMgmt.Simulator.Gateways;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace BuildingMgmt.Simulator.Tests.Gateways;

public sealed class GatewayTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);
    private readonly FakeTimeProvider _time = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Batches_wait_while_the_hub_is_away_and_then_go_out_in_order()
    {
        var sink = new RecordingSink { BeforeSend = number => number < 5 ? throw Away() : Task.CompletedTask };
        await using var gateway = Create(sink, new GatewayOptions());
        for (var number = 0; number < 100; number++)
            await gateway.AddAsync(Event(number), Token);

        await CompleteAsync(gateway);
        Assert.Equal(Enumerable.Range(0, 100).Select(number => $"{number:d4}"), sink.Events.Select(sent => sent.BatchId));
        Assert.Equal(1_000, gateway.AcceptedReadings);
        Assert.True(gateway.UncertainReadings > 0);
        Assert.Equal(0, gateway.LostReadings);
    }

    [Fact]
    public async Task A_gateway_that_may_lose_says_loudly_what_it_lost()
    {
        var hub = new TaskCompletionSource();
        var sink = new RecordingSink { BeforeSend = _ => hub.Task };
        var log = new ListLogger();
        await using var gateway = new Gateway("gateway-1", sink, new GatewayOptions { SpoolEventsMax = 10 }, _time, log);
        await gateway.AddAsync(Event(0), Token);
        await Eventually.TrueAsync(() => Task.FromResult(sink.Sends == 1), Deadline, "the first batch is on its way", Token);
        for (var number = 1; number <= 15; number++)
            await gateway.AddAsync(Event(number), Token);

        Assert.Equal(50, gateway.LostReadings);
        Assert.Equal(5, log.Lines.Count(line => line.Level == LogLevel.Error && line.Message.Contains("LOST", StringComparison.Ordinal)));

        hub.SetResult();
        await CompleteAsync(gateway);
        Assert.Equal(
            Enumerable.Range(6, 10).Prepend(0).Select(number => $"{number:d4}"), sink.Events.Select(sent => sent.BatchId));
    }

    [Fact]
    public async Task A_gateway_that_may_not_lose_makes_its_source_wait()
    {
        var hub = new TaskCompletionSource();
        var sink = new RecordingSink { BeforeSend = _ => hub.Task };
        await using var gateway = Create(sink, new GatewayOptions { SpoolEventsMax = 4, WhenSpoolIsFull = SpoolFull.Wait });
        var adding = Task.Run(async () =>
        {
            for (var number = 0; number < 50; number++)
                await gateway.AddAsync(Event(number), Token);
        }, Token);
        await Eventually.TrueAsync(() => Task.FromResult(sink.Sends == 1), Deadline, "the first batch is on its way", Token);
        Assert.False(adding.IsCompleted);

        hub.SetResult();
        await adding;
        await CompleteAsync(gateway);
        Assert.Equal(50, sink.Events.Count);
        Assert.Equal(0, gateway.LostReadings);
    }

    [Fact]
    public async Task A_refusal_ends_the_gateway_and_its_source_learns_of_it()
    {
        var sink = new RecordingSink { BeforeSend = _ => throw new HubRefusedException("no such hub", new IOException()) };
        await using var gateway = Create(sink, new GatewayOptions { SpoolEventsMax = 2, WhenSpoolIsFull = SpoolFull.Wait });
        await Assert.ThrowsAsync<HubRefusedException>(async () =>
        {
            while (true)
                await gateway.AddAsync(Event(0), Token);
        });
    }

    [Fact]
    public async Task One_message_holds_no_more_than_the_hub_takes()
    {
        var hub = new TaskCompletionSource();
        var sink = new RecordingSink { BeforeSend = _ => hub.Task };
        await using var gateway = Create(sink, new GatewayOptions { BytesPerSendMax = 8_600, EventsPerSendMax = 3 });
        for (var number = 0; number < 9; number++)
            await gateway.AddAsync(Event(number, bytes: number < 6 ? 8_000 : 10), Token);
        hub.SetResult();
        await CompleteAsync(gateway);
        // Six large ones alone, three small ones together.
        Assert.Equal(7, sink.Sends);
    }

    [Fact]
    public async Task A_message_stays_within_its_limit_while_the_spool_overflows()
    {
        const int limit = 4_000;
        var sink = new SizedSink();
        await using var gateway = Create(sink, new GatewayOptions { BytesPerSendMax = limit, SpoolEventsMax = 3 });
        for (var number = 0; number < 1_000_000; number++)
            await gateway.AddAsync(Event(number, bytes: number % 2 == 0 ? 10 : 2_500), Token);
        await CompleteAsync(gateway);

        Assert.True(gateway.LostReadings > 0);
        Assert.InRange(sink.LargestSharedBytes, 1, limit);
    }

    private static GatewayEvent Event(int number, int bytes = 10) => new("gateway-1", $"{number:d4}", new byte[bytes], false, 10);

    private static HubAwayException Away() => new("connection refused", new IOException());

    private Gateway Create(IEventSink sink, GatewayOptions options) =>
        new("gateway-1", sink, options, _time, NullLogger.Instance);

    private async Task CompleteAsync(Gateway gateway)
    {
        var completing = gateway.CompleteAsync(Token);
        await Eventually.TrueAsync(
            () =>
            {
                // Pauses between tries pass at once.
                _time.Advance(TimeSpan.FromSeconds(10));
                return Task.FromResult(completing.IsCompleted);
            },
            Deadline, "everything is sent", Token);
        await completing;
    }

    /// <summary>A hub that only weighs what it is sent.</summary>
    private sealed class SizedSink : IEventSink
    {
        /// <summary>Of the messages that carry more than one event: one alone may be as large as it is.</summary>
        public int LargestSharedBytes { get; private set; }

        public Task SendAsync(string gatewayId, IReadOnlyList<GatewayEvent> events, CancellationToken cancellationToken)
        {
            if (events.Count > 1)
            {
                var bytes = events.Sum(sent => sent.Body.Length + GatewayOptions.BytesPerEventOverhead);
                LargestSharedBytes = Math.Max(LargestSharedBytes, bytes);
            }

            return Task.CompletedTask;
        }
    }
}
