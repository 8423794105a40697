using BuildingMgmt.Simulator.Catalogue;
using BuildingMgmt.Simulator.DemoBuilding;
using BuildingMgmt.Simulator.FaultLab;
using BuildingMgmt.Simulator.Gateways;
using BuildingMgmt.Simulator.Replay;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace BuildingMgmt.Simulator.Tests.FaultLab;

/// <summary>The demo building's gateways misbehave in every way against the running system; its database is compared with their accounts.</summary>
public sealed class FaultyGatewaysTests
{
    private static readonly TimeSpan Duration = TimeSpan.FromMinutes(100);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_system_makes_of_misbehaving_gateways_what_their_accounts_say()
    {
        await using var stack = await RunningStack.StartAsync("--no-demo");
        await using var dataSource = NpgsqlDataSource.Create(stack.Run.Postgres);
        using (var folder = new ScratchFolder())
            await BuildingImport.RunAsync("demo", "UTC", stack.Run.Postgres, folder.File("secrets.json"), TextWriter.Null, Token);

        const int seed = 20261123;
        await using var hub = new EventHubSink(stack.Run.EventHubs, stack.Run.Hub);
        var start = DateTimeOffset.FromUnixTimeSeconds((TimeProvider.System.GetUtcNow() - Duration).ToUnixTimeSeconds());
        var gateways = DemoNames.Gateways.Zip(Chains(seed, start)).Select(gateway => new Trial(gateway.First, gateway.Second, hub)).ToArray();
        await SendAsync(gateways, seed, start);
        await StoredAsync(hub, new GatewayLedger(dataSource, hub.HubId, DemoNames.Gateways));

        var differences = Differences(
            gateways.SelectMany(gateway => gateway.Account.Stored).ToDictionary(), await ReadingsAsync(dataSource)).ToArray();
        Assert.True(differences.Length == 0, $"{differences.Length} readings differ:\n{string.Join('\n', differences.Take(20))}");
        foreach (var gateway in gateways)
        {
            var counts = await new GatewayLedger(dataSource, hub.HubId, [gateway.Id]).ReadAsync(Token);
            Assert.Equal(gateway.Account.Stored.Count, counts.Stored);
            Assert.Equal(gateway.Account.Duplicates, counts.Duplicate);
        }

        Assert.Equal(Expected(gateways), await DeadLettersAsync(dataSource));
        // Each fault has done something: a lab that breaks nothing proves nothing.
        Assert.All(gateways.SelectMany(gateway => gateway.Chain.Faults), fault => Assert.True(fault.Touched > 0, fault.Name));
        Assert.True(gateways.Sum(gateway => gateway.Account.UnreadableEvents) > 0);
        Assert.Equal(4, Expected(gateways).Keys.Count(reason => reason is not "unreadable event" and not "timestamp more than 5 min ahead"));
    }

    // One gateway has everything but the clock, which would hide what the others do.
    private static IReadOnlyList<FaultChain> Chains(int seed, DateTimeOffset start) =>
    [
        new FaultChain(
        [
            new BadReadings(seed, share: 0.5),
            new LateBatches(seed, TimeSpan.FromMinutes(40), share: 0.2),
            new OfflineSpells(start.AddMinutes(30), TimeSpan.FromHours(1), TimeSpan.FromHours(2)),
            new ShuffledBatches(seed),
            new Doubles(seed),
        ]),
        // Far enough either way that no reading of these hundred minutes is met again.
        new FaultChain([new WrongClock(seed, ahead: TimeSpan.FromHours(6), behind: TimeSpan.FromHours(30), share: 0.4), new Doubles(seed)]),
        new FaultChain([new DstNight(start.AddMinutes(60))]),
        new FaultChain([new BadReadings(seed + 1, share: 0.5)]),
    ];

    private static async Task SendAsync(Trial[] gateways, int seed, DateTimeOffset start)
    {
        var model = new BuildingModel(seed, start.AddHours(-12), TimeSpan.FromSeconds(60));
        var readout = new SensorReadout(seed, model, DemoSensors.Create());
        for (var minute = 0; minute < Duration.TotalMinutes; minute++)
        {
            var now = start.AddMinutes(minute + 1);
            foreach (var (floor, reading) in readout.Read(start.AddMinutes(minute), now))
                gateways[floor].Builder.Add(reading);
            foreach (var gateway in gateways)
            {
                await gateway.SendAsync(gateway.Chain.Pass(gateway.Builder.Take()!, now));
                await gateway.SendAsync(gateway.Chain.Release(now));
            }
        }

        foreach (var gateway in gateways)
        {
            await gateway.SendAsync(gateway.Chain.Drain(start + Duration));
            await gateway.CompleteAsync();
            await gateway.DisposeAsync();
        }
    }

    private static async Task StoredAsync(EventHubSink hub, GatewayLedger ledger)
    {
        var last = await hub.LastSequenceNumbersAsync(Token);
        await Eventually.TrueAsync(
            async () =>
            {
                var positions = await ledger.ReadPositionsAsync(Token);
                return last.All(partition => positions.GetValueOrDefault(partition.Key, -1) >= partition.Value);
            },
            TimeSpan.FromSeconds(90), "all events are stored", Token);
    }

    private static Dictionary<string, long> Expected(Trial[] gateways)
    {
        var expected = gateways.SelectMany(gateway => gateway.Account.Refused)
            .GroupBy(refused => refused.Key, refused => refused.Value)
            .ToDictionary(reason => Text(reason.Key), reason => reason.Sum());
        expected["unreadable event"] = gateways.Sum(gateway => gateway.Account.UnreadableEvents);
        return expected;

        static string Text(RefusalReason reason) => reason switch
        {
            RefusalReason.UnknownSensor => "unknown sensor",
            RefusalReason.UnknownMetric => "unknown metric",
            RefusalReason.NotANumber => "not a number",
            RefusalReason.TimestampAhead => "timestamp more than 5 min ahead",
            _ => "malformed",
        };
    }

    private static async Task<Dictionary<(Guid, string, DateTimeOffset), double>> ReadingsAsync(NpgsqlDataSource dataSource)
    {
        await using var command = dataSource.CreateCommand("SELECT sensor_id, metric, time, value FROM readings");
        await using var reader = await command.ExecuteReaderAsync(Token);
        var readings = new Dictionary<(Guid, string, DateTimeOffset), double>();
        while (await reader.ReadAsync(Token))
            readings.Add((reader.GetGuid(0), reader.GetString(1), reader.GetFieldValue<DateTimeOffset>(2)), reader.GetDouble(3));
        return readings;
    }

    private static IEnumerable<string> Differences(
        Dictionary<(Guid, string, DateTimeOffset), double> expected, Dictionary<(Guid, string, DateTimeOffset), double> stored) =>
        expected.Where(reading => !stored.ContainsKey(reading.Key)).Select(reading => $"{reading} is missing")
            .Concat(stored.Where(reading => !expected.ContainsKey(reading.Key)).Select(reading => $"{reading} was not to be stored"))
            .Concat(expected.Where(reading => stored.TryGetValue(reading.Key, out var value) && value != reading.Value)
                .Select(reading => $"{reading} is stored as {stored[reading.Key]}"));

    private static async Task<Dictionary<string, long>> DeadLettersAsync(NpgsqlDataSource dataSource)
    {
        await using var command = dataSource.CreateCommand("SELECT reason, sum(readings)::bigint FROM dead_letter GROUP BY reason");
        await using var reader = await command.ExecuteReaderAsync(Token);
        var letters = new Dictionary<string, long>();
        while (await reader.ReadAsync(Token))
            letters.Add(reader.GetString(0), reader.GetInt64(1));
        return letters;
    }

    private sealed class Trial(string id, FaultChain chain, IEventSink sink) : IAsyncDisposable
    {
        private readonly Gateway _gateway = new(id, sink, new GatewayOptions(), TimeProvider.System, NullLogger.Instance);

        public string Id => id;

        public FaultChain Chain => chain;

        public BatchBuilder Builder { get; } = new(id, TimeProvider.System);

        public FaultAccount Account { get; } = new();

        public async Task SendAsync(IReadOnlyList<GatewayBatch> batches)
        {
            foreach (var batch in batches)
            {
                Account.Enter(batch, TimeProvider.System.GetUtcNow());
                await _gateway.AddAsync(GatewayEvent.Encode(batch), Token);
            }
        }

        public async Task CompleteAsync()
        {
            await _gateway.CompleteAsync(Token);
            Assert.Equal(0, _gateway.LostReadings);
        }

        public ValueTask DisposeAsync() => _gateway.DisposeAsync();
    }
}
