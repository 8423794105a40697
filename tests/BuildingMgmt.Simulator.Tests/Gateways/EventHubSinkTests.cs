using BuildingMgmt.Simulator.Gateways;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace BuildingMgmt.Simulator.Tests.Gateways;

public sealed class EventHubSinkTests(EventHubsFixture hub) : IClassFixture<EventHubsFixture>
{
    private const string Hub = "telemetry";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_gateway_keeps_its_batches_while_the_endpoint_is_down_and_its_partition_gets_them_all()
    {
        await using var sink = new EventHubSink(hub.ConnectionString, Hub);
        await using var gateway = new Gateway(
            "gateway-1", sink, new GatewayOptions { RetryDelayMax = TimeSpan.FromSeconds(0.5) }, TimeProvider.System, NullLogger.Instance);
        var before = await EventsAsync(sink);
        await gateway.AddAsync(Event(0), Token);
        await Eventually.TrueAsync(
            () => Task.FromResult(gateway.AcceptedReadings == 10), TimeSpan.FromSeconds(30), "the first batch is accepted", Token);

        using (var endpoint = System.Diagnostics.Process.GetProcessById(hub.Server.ProcessId))
        {
            endpoint.Kill();
            await endpoint.WaitForExitAsync(Token);
        }

        for (var number = 1; number <= 200; number++)
            await gateway.AddAsync(Event(number), Token);
        await Eventually.TrueAsync(
            () => Task.FromResult(gateway.UncertainReadings > 0), TimeSpan.FromSeconds(60), "the gateway has noticed", Token);
        await hub.RestartAsync(Token);

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        await gateway.CompleteAsync(limit.Token);
        Assert.Equal(2_010, gateway.AcceptedReadings);
        Assert.Equal(0, gateway.LostReadings);
        // A repeated send may add events; nothing may be missing.
        Assert.InRange(await EventsAsync(sink) - before, 201, 201 + (gateway.UncertainReadings / 10));
    }

    [Fact]
    public async Task A_hub_that_does_not_exist_is_a_refusal_and_not_an_outage()
    {
        await using var sink = new EventHubSink(hub.ConnectionString, "no-such-hub");
        await Assert.ThrowsAsync<HubRefusedException>(() => sink.SendAsync("gateway-1", [Event(0)], Token));
    }

    [Fact]
    public async Task An_endpoint_that_is_not_there_is_an_outage()
    {
        await using var sink = new EventHubSink(
            "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=AAAA;UseDevelopmentEmulator=true;", Hub);
        await Assert.ThrowsAsync<HubAwayException>(() => sink.SendAsync("gateway-1", [Event(0)], Token));
        await Assert.ThrowsAsync<HubAwayException>(() => sink.LastSequenceNumbersAsync(Token));
    }

    private static async Task<long> EventsAsync(EventHubSink sink) =>
        (await sink.LastSequenceNumbersAsync(Token)).Values.Sum(last => last + 1);

    private static GatewayEvent Event(int number) =>
        new("gateway-1", $"{number:d4}", "{\"gateway_id\":\"gateway-1\"}"u8.ToArray(), IsGzip: number % 2 == 0, Readings: 10);
}
