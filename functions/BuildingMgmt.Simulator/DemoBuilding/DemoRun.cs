using BuildingMgmt.Simulator.FaultLab;
using BuildingMgmt.Simulator.Gateways;

namespace BuildingMgmt.Simulator.DemoBuilding;

/// <summary>Settings of the demo building.</summary>
/// <param name="Seed">Weather, people, noise and faults follow from it.</param>
/// <param name="Faults">Names from <see cref="FaultNames.All"/>.</param>
internal sealed record DemoOptions(int Seed, IReadOnlyList<string> Faults)
{
    /// <summary>The model runs this long unseen, so that rooms, people and meters are where they would be.</summary>
    public static readonly TimeSpan WarmUp = TimeSpan.FromHours(48);

    /// <summary>
    /// The last hour is sent as history: a dashboard that has just come up shows courses instead of dots. What an
    /// earlier run already sent are duplicates, which do no harm.
    /// </summary>
    public static readonly TimeSpan History = TimeSpan.FromHours(1);

    public static readonly TimeSpan ModelStep = TimeSpan.FromSeconds(30);

    /// <summary>A gateway gathers readings for this long.</summary>
    public static readonly TimeSpan BatchInterval = TimeSpan.FromSeconds(4);

    /// <summary>
    /// Readings that go into one batch. More have gathered only where time was missed: history, a laptop that slept.
    /// </summary>
    public const int ReadingsPerBatchMax = 1_000;
}

/// <summary>Runs the demo building: the model follows the clock, each floor's gateway sends what its sensors say.</summary>
internal sealed class DemoRun
{
    private readonly DemoOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly SensorReadout _readout;
    private readonly FloorGateway[] _floors;
    private readonly DateTimeOffset _start;

    public DemoRun(IEventSink sink, DemoOptions options, TimeProvider time, ILogger logger)
    {
        _options = options;
        _time = time;
        _logger = logger;
        _start = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
        var model = new BuildingModel(options.Seed, WarmUpStart(_start), DemoOptions.ModelStep);
        model.AdvanceTo(_start - DemoOptions.History);
        _readout = new SensorReadout(options.Seed, model, DemoSensors.Create());

        var chains = FaultPlan.Spread(options.Faults, DemoNames.Gateways.Count, options.Seed, _start);
        _floors = [.. DemoNames.Gateways.Zip(chains, (gatewayId, chain) => new FloorGateway(
            new BatchBuilder(gatewayId, time), chain, new Gateway(gatewayId, sink, new GatewayOptions(), time, logger)))];
    }

    /// <summary>Runs until cancelled; then sends what is still held, for at most 3 s.</summary>
    /// <exception cref="HubRefusedException">The hub will not take the gateways' events.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        foreach (var floor in _floors)
        {
            foreach (var fault in floor.Chain.Faults)
                _logger.FaultStarted(floor.Gateway.GatewayId, fault.Name);
        }

        try
        {
            await SendHistoryAsync(cancellationToken);
            _logger.DemoStarted(_floors.Length, DemoOptions.History.TotalMinutes);
            await FollowClockAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await FinishAsync();
        }
        finally
        {
            foreach (var floor in _floors)
                await floor.Gateway.DisposeAsync();
        }
    }

    // Local midnight, so that the meters' counts of the day are whole ones.
    private static DateTimeOffset WarmUpStart(DateTimeOffset start)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(BuildingPlan.TimeZone);
        var midnight = TimeZoneInfo.ConvertTime(start - DemoOptions.WarmUp, zone).Date;
        return new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)).ToUniversalTime();
    }

    /// <summary>History goes out as it was, past the faults: what a trial expects begins with the run.</summary>
    private Task SendHistoryAsync(CancellationToken cancellationToken) =>
        SendReadingsAsync(_start - DemoOptions.History, _start, (_, batch) => [batch], cancellationToken);

    private async Task FollowClockAsync(CancellationToken cancellationToken)
    {
        var read = _start;
        using var timer = new PeriodicTimer(DemoOptions.BatchInterval, _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            var now = _time.GetUtcNow();
            await SendReadingsAsync(read, now, (floor, batch) => floor.Chain.Pass(batch, now), cancellationToken);
            read = DateTimeOffset.FromUnixTimeSeconds(Math.Max(read.ToUnixTimeSeconds(), now.ToUnixTimeSeconds()));
            foreach (var floor in _floors)
                await SendAsync(floor, floor.Chain.Release(now), cancellationToken);
        }
    }

    /// <summary>Sends what was measured in this time, in batches that the hub takes however long the time was.</summary>
    private async Task SendReadingsAsync(
        DateTimeOffset after, DateTimeOffset until, Func<FloorGateway, GatewayBatch, IReadOnlyList<GatewayBatch>> pass,
        CancellationToken cancellationToken)
    {
        foreach (var (index, reading) in _readout.Read(after, until))
        {
            var floor = _floors[index];
            floor.Builder.Add(reading);
            if (floor.Builder.Count >= DemoOptions.ReadingsPerBatchMax)
                await SendBatchAsync(floor);
        }

        foreach (var floor in _floors)
            await SendBatchAsync(floor);

        async Task SendBatchAsync(FloorGateway floor)
        {
            if (floor.Builder.Take() is { } batch)
                await SendAsync(floor, pass(floor, batch), cancellationToken);
        }
    }

    private async Task FinishAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(3), _time);
        try
        {
            foreach (var floor in _floors)
                await SendAsync(floor, floor.Chain.Drain(_time.GetUtcNow()), limit.Token);
            await Task.WhenAll(_floors.Select(floor => floor.Gateway.CompleteAsync(limit.Token)));
        }
        catch (OperationCanceledException)
        {
            // The hub went away first, as it does when the whole system stops.
        }

        _logger.DemoStopped(
            _floors.Sum(floor => floor.Gateway.AcceptedReadings),
            _floors.Sum(floor => floor.Gateway.LostReadings),
            string.Join(", ", _floors.SelectMany(floor => floor.Chain.Faults).Select(fault => $"{fault.Name} {fault.Touched}")));
    }

    private static async Task SendAsync(FloorGateway floor, IReadOnlyList<GatewayBatch> batches, CancellationToken cancellationToken)
    {
        foreach (var batch in batches)
            await floor.Gateway.AddAsync(GatewayEvent.Encode(batch), cancellationToken);
    }

    private sealed record FloorGateway(BatchBuilder Builder, FaultChain Chain, Gateway Gateway);
}

internal static partial class DemoLog
{
    [LoggerMessage(LogEvents.DemoStarted, LogLevel.Information,
        "Demo building lives: {Gateways} gateways; the last {Minutes} minutes were sent as history")]
    public static partial void DemoStarted(this ILogger logger, int gateways, double minutes);

    [LoggerMessage(LogEvents.DemoStopped, LogLevel.Information,
        "Demo building stopped: {Sent} readings sent, {Lost} lost; batches touched by faults: {Faults}")]
    public static partial void DemoStopped(this ILogger logger, long sent, long lost, string faults);

    [LoggerMessage(LogEvents.FaultStarted, LogLevel.Warning, "Gateway {GatewayId} misbehaves on request: {Fault}")]
    public static partial void FaultStarted(this ILogger logger, string gatewayId, string fault);
}
