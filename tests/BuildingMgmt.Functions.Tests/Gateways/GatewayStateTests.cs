using System.Text;
using BuildingMgmt.Functions.Gateways;
using BuildingMgmt.Functions.Health;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.Gateways;

public sealed class GatewayStateTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private TestDatabase database = null!;
    private IngestApp app = null!;
    private int hubNumber;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        app = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await database.DisposeAsync();
    }

    // Numbers as they come; "|" ends a transaction. Then the gaps, and where the count stands.
    [Theory]
    [InlineData("1 2 3 | 4 5", "", "5")]
    [InlineData("7 8", "", "8")]
    [InlineData("1 2 5 6", "3-4: [3,5)", "6")]
    [InlineData("1 2 | 5 6 | 9", "3-4: [3,5), 7-8: [7,9)", "9")]
    [InlineData("1 3 2 4", "2-2: {}", "4")]
    [InlineData("1 10 | 4 5 | 2 3", "2-9: [6,10)", "10")]
    [InlineData("1 10 | 4 5 | 2 3 6 | 7 8 | 9 11", "2-9: {}", "11")]
    [InlineData("1 2 2 3", "", "3")]
    [InlineData("1 2 3 | 1 2 3 | 4", "", "4")]
    [InlineData("1 1 3 2 4", "2-2: {}", "4")]
    [InlineData("97 98 99 100 | 50 | 101", "", "101")]
    [InlineData("97 98 99 100 | 50 51 52 | 101 102", "", "102")]
    [InlineData("997 998 999 | 1 2 3 | 4 5", "", "5")]
    [InlineData("997 998 999 | 1 | 2 | 3 6 | 7", "4-5: [4,6)", "7")]
    [InlineData("999 | 1 2 | 1 2 3", "", "3")]
    [InlineData("5 6 9 | 6 7 8 9 10", "7-8: {}", "10")]
    [InlineData("0 9007199254740991", "1-9007199254740990: [1,9007199254740991)", "9007199254740991")]
    public async Task Gaps_in_a_gateways_numbers_are_listed_and_filled(string numbers, string gaps, string last)
    {
        foreach (var transaction in numbers.Split(" | "))
            await app.StoreAsync([.. transaction.Split(' ').Select(Numbered)]);
        Assert.Equal(gaps, await GapsAsync());
        Assert.Equal(last, await app.QueryAsync("SELECT last_sequence FROM gateway_state"));
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("9007199254740992")]
    [InlineData("1.5")]
    [InlineData("\"7\"")]
    [InlineData("{\"of\":[7]}")]
    public async Task What_is_no_number_counts_nothing_and_costs_no_reading(string sequence)
    {
        await app.StoreAsync(Event("gw", sequence, Batch.Co2(0, "11:59:00", 600)));
        Assert.Equal("sensor 0/co2 03-10 11:59:00 600 good", await app.ReadingsAsync());
        Assert.Equal("gw ", await app.QueryAsync("SELECT gateway_id, last_sequence FROM gateway_state"));
    }

    [Fact]
    public async Task Events_delivered_again_change_nothing()
    {
        var events = app.Events(Numbered("1"), Numbered("5"));
        await app.StoreAsync(events);
        var before = await StateAsync();
        await app.StoreAsync(events);
        await app.StoreAsync([.. events, .. app.Events(Numbered("6"))]);
        Assert.Equal("2-4: [2,5)", await GapsAsync());
        Assert.Equal("gw 6", await app.QueryAsync("SELECT gateway_id, last_sequence FROM gateway_state"));
        Assert.NotEqual(before, await StateAsync());
    }

    [Fact]
    public async Task Gaps_of_a_gateway_are_bounded_and_the_filled_ones_go_first()
    {
        // Every second number is missing, and then the first hundred of them come.
        await app.StoreAsync([.. Enumerable.Range(0, 501).Select(number => Numbered($"{number * 2}"))]);
        await app.StoreAsync([.. Enumerable.Range(0, 100).Select(number => Numbered($"{number * 2 + 1}"))]);
        await app.StoreAsync([.. Enumerable.Range(501, 50).Select(number => Numbered($"{number * 2}"))]);
        Assert.Equal("500 50 1099", await app.QueryAsync("SELECT count(*), count(filled_at), max(last_sequence) FROM gateway_gap"));
    }

    [Fact]
    public async Task Gateway_heard_of_in_two_partitions_at_once_is_counted_as_one()
    {
        await using var other = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => (number % 2 == 0 ? app : other).Ingest.StoreAsync(
            app.Events(new HubPartition("telemetry", $"{number}"), Encoding.UTF8.GetBytes(Numbered($"{number}")), Encoding.UTF8.GetBytes(Event("gw-1", $"{number}"))),
            new HubPartition("telemetry", $"{number}"),
            Token)));
        Assert.Equal("gw, gw-1", await app.QueryAsync("SELECT gateway_id FROM gateway_state ORDER BY gateway_id"));
        Assert.Equal("gw 20 0=0+0+0, gw-1 20 0=0+0+0", await app.LedgerAsync());
    }

    [Fact]
    public async Task Gateway_that_falls_silent_is_told_after_three_of_its_usual_intervals()
    {
        await HearAsync("gw", 0, 60, 120, 120.5, 180, 240);
        await HearAsync("gw0", 0, 20, 40, 60);
        await HearAsync("gw1", 0, 20);
        Assert.Equal((60.0, false), await StatusAsync("gw"));
        Assert.Equal((null, false), await StatusAsync("gw1"));
        Assert.Equal((null, false), await StatusAsync("gw2"));

        // Its last event is 240 s after the start.
        app.Time.SetUtcNow(TestBuilding.Now.AddSeconds(240 + 180));
        Assert.Equal((60.0, false), await StatusAsync("gw"));
        Assert.Equal((null, false), await StatusAsync("gw1"));
        Assert.Equal((20.0, true), await StatusAsync("gw0"));
        // Whoever asks is told, also without a token: not which.
        Assert.Equal(
            "1 gateway is silent for more than three usual intervals; GET /api/ops/gateways?silent=true names them.", await NoticeAsync());
        app.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((60.0, true), await StatusAsync("gw"));
        Assert.Contains("2 gateways are silent", await NoticeAsync(), StringComparison.Ordinal);

        await app.QueryAsync("UPDATE gateway SET active = false WHERE gateway_id = 'gw0'");
        await HearAsync("gw", 240 + 181);
        Assert.Null(await NoticeAsync());
    }

    [Fact]
    public async Task Hours_offline_do_not_change_what_is_usual()
    {
        await HearAsync("gw", 0, 10, 20, 30, 40, 7240, 7250);
        Assert.Equal(10.0, (await StatusAsync("gw")).Usual);
        // A new pace is usual once it is that of most of the last 15.
        await HearAsync("gw", [.. Enumerable.Range(1, 8).Select(number => 7250.0 + (number * 60))]);
        Assert.Equal(60.0, (await StatusAsync("gw")).Usual);
        Assert.Equal("14", await app.QueryAsync("SELECT cardinality(recent_gaps_s) FROM gateway_state"));
        await HearAsync("gw", [.. Enumerable.Range(9, 8).Select(number => 7250.0 + (number * 60))]);
        Assert.Equal("15", await app.QueryAsync("SELECT cardinality(recent_gaps_s) FROM gateway_state"));
    }

    [Fact]
    public async Task Ledger_tells_days_and_gaps_with_what_is_missing_of_them()
    {
        await app.StoreAsync(Event("gw", "1", Batch.Co2(0, "11:59:00", 600)), Event("gw", "9"), Event("gw", "4", "17"), Event("gw", "5"));
        var day = DateOnly.FromDateTime(TestBuilding.Now.UtcDateTime);
        var report = await app.Get<GatewayQueries>().LedgerAsync("gw", null, day, day, Token);
        Assert.Equal([new LedgerDay(day, 4, 2, 1, 0, 1)], report!.Days);
        var gap = Assert.Single(report.Gaps);
        Assert.Equal((2, 8, 5, null), (gap.FirstSequence, gap.LastSequence, gap.MissingCount, gap.FilledAt));
        Assert.Equal([new SequenceRange(2, 3), new SequenceRange(6, 8)], gap.Missing);

        var later = await app.Get<GatewayQueries>().LedgerAsync("gw", null, day.AddDays(1), day.AddDays(1), Token);
        Assert.Equal((0, 1), (later!.Days.Count, later.Gaps.Count));
        Assert.Null(await app.Get<GatewayQueries>().LedgerAsync("gw", [TestBuilding.Archive.BuildingId], day, day, Token));
        Assert.Null(await app.Get<GatewayQueries>().LedgerAsync("nobody's", null, day, day, Token));
    }

    private static string Numbered(string sequence) => Event("gw", sequence);

    private static string Event(string gatewayId, string sequence, params string[] readings) =>
        $$"""{"gateway_id":"{{gatewayId}}","sequence":{{sequence}},"batch":[{{string.Join(',', readings)}}]}""";

    // Each gateway by a partition of its own.
    private Task HearAsync(string gatewayId, params double[] seconds)
    {
        var body = Encoding.UTF8.GetBytes($$"""{"gateway_id":"{{gatewayId}}","batch":[]}""");
        var events = seconds.Select((second, index) => new IncomingEvent(body, null, index, TestBuilding.Now.AddSeconds(second)));
        return app.Ingest.StoreAsync([.. events], new HubPartition($"hub {hubNumber++}", gatewayId), Token);
    }

    private Task<string> GapsAsync() => app.QueryAsync("""
        SELECT first_sequence || '-' || last_sequence || ':', CASE WHEN isempty(missing) THEN '{}' ELSE trim('{}' FROM missing::text) END
        FROM gateway_gap ORDER BY gap_id
        """);

    private Task<string> StateAsync() => app.QueryAsync("SELECT gateway_id, last_seen::text, recent_gaps_s::text, last_sequence, other_sequence FROM gateway_state");

    private async Task<(double? Usual, bool IsSilent)> StatusAsync(string gatewayId)
    {
        var rows = await app.Get<GatewayQueries>().ListAsync(null, null, null, null, 100, Token);
        var row = rows.Single(gateway => gateway.GatewayId == gatewayId);
        return (row.UsualIntervalSeconds, row.IsSilent);
    }

    private Task<string?> NoticeAsync() =>
        app.Get<IEnumerable<IHealthNotice>>().Single(notice => notice.Name == "gateways").LookAsync(app.Postgres, Token);
}
