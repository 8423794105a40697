using System.Globalization;
using System.Text;
using System.Text.Json;
using BuildingMgmt.Functions.History;
using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.History;

/// <summary>Floor 0 of the tower, where it is noon on 2026-03-10: 15 points with a reading a minute for the last 2,000 minutes, but an hour.</summary>
public sealed class HistoryTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    private const string All = "from=2026-03-01T00:00:00Z&resolution=raw";

    private static readonly Guid Floor = TestBuilding.Floor(0);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestDatabase database = null!;
    private IngestApp app = null!;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        app = await IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString);
        await app.QueryAsync("SELECT create_reading_partition('2026-03-01')::text");
        await app.QueryAsync($"""
            INSERT INTO reading (point_id, time, value, quality)
            SELECT point_id, '2026-03-10T12:00:00Z'::timestamptz - minute * interval '1 minute', 20 + (point_id * minute) % 997 / 7.0, 0
            FROM point JOIN sensor USING (sensor_id) CROSS JOIN generate_series(1, 2000) AS minute
            WHERE floor_id = '{Floor}' AND minute NOT BETWEEN 600 AND 659
            """);
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task Answer_keeps_to_500_KB_by_fewer_points_and_says_so()
    {
        var body = await app.HistoryAsync(Floor, All);
        Assert.InRange(body.Length, 400_000, 500_000);
        var answer = JsonDocument.Parse(body).RootElement;
        Assert.True(answer.GetProperty("max_points_lowered").GetBoolean());
        var pointsMax = answer.GetProperty("max_points").GetInt32();
        Assert.Equal(15, answer.GetProperty("series").GetArrayLength());
        foreach (var series in answer.GetProperty("series").EnumerateArray())
        {
            var points = series.GetProperty("points").EnumerateArray().ToList();
            Assert.Equal((pointsMax, 1_940, 1_940), (points.Count, series.GetProperty("available").GetInt32(), series.GetProperty("count").GetInt32()));
            Assert.True(series.GetProperty("reduced").GetBoolean());
            Assert.Equal("2026-03-09T02:40:00Z", points[0].GetProperty("timestamp").GetString());
            Assert.Equal("2026-03-10T11:59:00Z", points[^1].GetProperty("timestamp").GetString());
            // The hour without readings is no line and no zero.
            var gap = Assert.Single(points, HistoryCalls.IsGap);
            Assert.Equal("2026-03-10T01:01:00Z", gap.GetProperty("timestamp").GetString());
            Assert.Equal(JsonValueKind.Null, gap.GetProperty("value").ValueKind);
        }

        Assert.InRange((await app.HistoryAsync(Floor, All, "text/csv")).Length, 400_000, 500_000);
        var one = await app.HistoryJsonAsync(Floor, $"{All}&metric=co2&sensor_id={TestBuilding.Sensor(0, 1)}");
        Assert.False(one.GetProperty("max_points_lowered").GetBoolean());
        Assert.Equal(1_940, HistoryCalls.Samples(one, "timestamp").Count);
        Assert.Equal(0.97, (await app.HistoryJsonAsync(Floor, "from=2026-03-09T02:40:00Z&resolution=raw&metric=co2"))
            .GetProperty("series")[0].GetProperty("coverage").GetDouble());
    }

    [Fact]
    public async Task Pages_have_each_reading_once_that_was_there_while_others_arrive()
    {
        var query = $"from=2026-03-10T04:00:00Z&metric=co2,temperature&sensor_id={TestBuilding.Sensor(0, 1)}&sensor_id={TestBuilding.Sensor(0, 3)}";
        var expected = await RowsAsync();
        var rows = new List<string>();
        var pages = 0;
        string? cursor = null;
        do
        {
            var page = await app.HistoryJsonAsync(Floor, $"{query}&limit=700{(cursor is null ? "" : $"&cursor={cursor}")}");
            // Up to when it was asked for the first time.
            Assert.Equal("2026-03-10T12:00:00Z", page.GetProperty("to").GetString());
            rows.AddRange(page.GetProperty("series").EnumerateArray().SelectMany(series => series.GetProperty("points").EnumerateArray().Select(point =>
                $"{series.GetProperty("sensor_id")}/{series.GetProperty("metric")} {point.GetProperty("timestamp")}")));
            cursor = page.GetProperty("next_cursor").GetString();
            app.Time.Advance(TimeSpan.FromMinutes(1));
            await app.StoreAsync(Batch.Of([.. Enumerable.Range(0, 5).SelectMany(sensor => new[]
            {
                Batch.Co2(sensor, $"04:00:{10 + pages}", 1), Batch.Co2(sensor, $"11:00:{10 + pages}", 1), Batch.Co2(sensor, $"12:0{pages}:00", 1),
            })]));
            pages++;
        }
        while (cursor is not null);

        Assert.True(pages > 2, $"{pages} pages");
        Assert.Equal(rows.Count, rows.Distinct().Count());
        Assert.Equal(expected, rows.Where(expected.Contains));
        Assert.True(rows.Count > expected.Count, "None of those that arrived before the last page was in it.");

        async Task<List<string>> RowsAsync() => [.. (await app.QueryAsync($"""
            SELECT r.sensor_id || '/' || r.metric, to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            FROM readings r JOIN point p USING (sensor_id, metric)
            WHERE time >= '2026-03-10T04:00:00Z' AND r.metric IN ('co2', 'temperature')
                AND r.sensor_id IN ('{TestBuilding.Sensor(0, 1)}', '{TestBuilding.Sensor(0, 3)}')
            ORDER BY point_id, time
            """)).Split(", ")];
    }

    [Fact]
    public async Task Cursor_serves_the_query_that_it_was_made_for_and_no_other()
    {
        var page = await app.HistoryJsonAsync(Floor, $"{All}&limit=10000");
        Assert.InRange(page.GetProperty("rows").GetInt32(), 5_000, 9_999);
        var cursor = page.GetProperty("next_cursor").GetString()!;
        Assert.Equal(10, (await app.HistoryJsonAsync(Floor, $"{All}&limit=10&cursor={cursor}")).GetProperty("rows").GetInt32());

        foreach (var other in (string[])
            [$"{All}&metric=co2&cursor={cursor}", $"from=2026-03-02T00:00:00Z&cursor={cursor}", $"{All}&cursor={cursor[..^1]}",
            $"{All}&cursor=A{cursor[1..^1]}A", $"{All}&cursor=%20", $"{All}&cursor="])
        {
            Assert.Equal("cursor", (await app.HistoryProblemAsync(Floor, other)).Parameter);
        }

        Assert.Equal("cursor", (await app.HistoryProblemAsync(TestBuilding.Floor(1), $"{All}&cursor={cursor}")).Parameter);
    }

    [Theory]
    [InlineData("from=2026-03-04", "to=2026-03-09", "raw")]
    [InlineData("from=2026-03-03T00:00:01Z", "to=2026-03-10T00:00:00Z", "raw")]
    [InlineData("from=2026-03-03T00:00:00Z", "to=2026-03-10T00:00:00Z", "hour")]
    // Seven days with a change of the clock, and thirty.
    [InlineData("from=2026-03-23", "to=2026-03-29", "hour")]
    [InlineData("from=2026-03-01", "to=2026-03-30", "hour")]
    [InlineData("from=2026-03-01", "to=2026-03-31", "day")]
    [InlineData("from=2025-03-01", "to=2026-03-01", "day")]
    public async Task Resolution_follows_from_the_days_asked_for(string from, string to, string resolution) =>
        Assert.Equal(resolution, (await app.HistoryJsonAsync(Floor, $"{from}&{to}")).GetProperty("resolution").GetString());

    [Theory]
    [InlineData("from=yesterday", "from")]
    [InlineData("from=2026-03-10T12:00:00", "from")]
    [InlineData("from=2026-03-11&to=2026-03-10", "from")]
    [InlineData("from=2025-03-01&to=2026-03-02", "from")]
    [InlineData("from=0001-01-01", "from")]
    [InlineData("to=9999-12-31", "to")]
    [InlineData("metric=warmth", "metric")]
    [InlineData("metric=co2,", "metric")]
    [InlineData("sensor_id=1", "sensor_id")]
    [InlineData("sensor_id=123e4567-e89b-12d3-a456-426614174000", "sensor_id")]
    [InlineData("resolution=minute", "resolution")]
    [InlineData("resolution=day&limit=5", "limit")]
    [InlineData("resolution=minute&limit=5", "resolution")]
    [InlineData("limit=10001", "limit")]
    [InlineData("limit=0", "limit")]
    [InlineData("max_points=2001", "max_points")]
    [InlineData("max_points=1", "max_points")]
    [InlineData("max_points=10&limit=5", "max_points")]
    [InlineData("points=10", "points")]
    [InlineData("to=2026-03-10&to=2026-03-11", "to")]
    public async Task Bad_value_is_named(string query, string parameter)
    {
        var problem = await app.HistoryProblemAsync(Floor, query);
        Assert.Equal((400, parameter), (problem.Status, problem.Parameter));
    }

    [Fact]
    public async Task Table_has_a_line_for_each_reading_and_none_for_a_gap()
    {
        var csv = await app.HistoryCsvAsync(Floor, $"{All}&metric=co2&sensor_id={TestBuilding.Sensor(0, 1)}");
        var lines = csv.Split("\r\n");
        Assert.Equal("timestamp,sensor_id,sensor,metric,unit,value,quality", lines[0]);
        Assert.Equal("", lines[^1]);
        Assert.Equal(1_940 + 2, lines.Length);
        Assert.StartsWith($"2026-03-09T02:40:00Z,{TestBuilding.Sensor(0, 1)},", lines[1], StringComparison.Ordinal);
        Assert.EndsWith(",good", lines[1], StringComparison.Ordinal);
        Assert.DoesNotContain(lines, line => line.Contains("2026-03-10T01:01:00Z", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("room 1", "room 1")]
    [InlineData("room, 1", "\"room, 1\"")]
    [InlineData("the \"blue\" room", "\"the \"\"blue\"\" room\"")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "'-1")]
    [InlineData("@SUM(A1)", "'@SUM(A1)")]
    [InlineData("\tx", "'\tx")]
    [InlineData("=HYPERLINK(\"x\",\"y\")", "\"'=HYPERLINK(\"\"x\"\",\"\"y\"\")\"")]
    public void Cell_is_quoted_and_is_no_formula(string text, string cell) => Assert.Equal(cell, HistoryCsv.Cell(text));

    [Fact]
    public async Task History_that_takes_too_long_says_what_to_narrow_and_the_next_one_is_answered()
    {
        await using var hasty = await IngestApp.StartAsync(
            database.ConnectionString, azurite.ConnectionString, settings: ("Postgres:ReadTimeoutSeconds", "1"));
        await using (var connection = await app.Postgres.OpenConnectionAsync(Token))
        {
            await using var transaction = await connection.BeginTransactionAsync(Token);
            await using var command = connection.CreateCommand();
            command.CommandText = "LOCK TABLE reading IN ACCESS EXCLUSIVE MODE";
            await command.ExecuteNonQueryAsync(Token);
            var problem = await hasty.HistoryProblemAsync(Floor, All);
            Assert.Equal(503, problem.Status);
            Assert.NotNull(problem.RetryAfter);
            Assert.Contains("15 points", problem.Detail, StringComparison.Ordinal);
            foreach (var way in (string[])["\"from\"", "\"metric\"", "\"sensor_id\"", "\"resolution\""])
                Assert.Contains(way, problem.Hint, StringComparison.Ordinal);
        }

        Assert.Single(hasty.Log.Of(LogEvents.HistoryTooSlow));
        Assert.NotEmpty(await hasty.HistoryAsync(Floor, $"{All}&metric=co2"));
    }
}
