using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Auth;

/// <summary>
/// What callers who are granted North get of South: for every function that is not open to all, against a table written by hand. Each
/// question is also put to someone who may see South, so that an answer that nobody gets proves nothing.
/// </summary>
[Collection(AppTests.Name)]
public sealed class ForeignBuildingTests(RunningApp app) : IAsyncLifetime
{
    // 404, as if there were no such thing; a body or a path names it.
    private const string Hidden = "hidden";

    // The answer of somebody else holds it, theirs does not.
    private const string LeftOut = "left out";

    // 404 or, for a list of what to do, done to nothing of South.
    private const string Untouched = "untouched";

    // Nothing of any building in it.
    private const string OfNoBuilding = "of no building";

    private static readonly string[] Readers = ["viewer-north", "operator-north", "engineer-north", "admin-north"];
    private static readonly string[] Engineers = ["engineer-north", "admin-north"];
    private static readonly string[] Senders = ["gateway-north", "ingest-north", "engineer-north", "admin-north"];

    // Function, what becomes of the request, method, path, who asks. Bodies are in BodyOf.
    private static readonly (string Function, string Expected, string Method, string Path, string[] Callers)[] Table =
    [
        ("ListBuildings", LeftOut, "GET", "/api/buildings", Readers),
        ("GetBuilding", Hidden, "GET", "/api/buildings/{building}", Readers),
        ("ListFloors", LeftOut, "GET", "/api/floors", Readers),
        ("GetFloor", Hidden, "GET", "/api/floors/{floor}", Readers),
        ("ListSensors", LeftOut, "GET", "/api/sensors?limit=1000", Readers),
        ("GetSensor", Hidden, "GET", "/api/sensors/{sensor}", Readers),
        ("GetFloorDashboard", Hidden, "GET", "/api/dashboard/floor/{floor}", Readers),
        ("GetFloorHistory", Hidden, "GET", "/api/dashboard/floor/{floor}/history", Readers),
        ("GetIngestRate", LeftOut, "GET", "/api/ops/ingest", Readers),
        ("GetDashboardCounts", OfNoBuilding, "GET", "/api/ops/dashboards", ["admin-north"]),
        ("ListDeadLetters", LeftOut, "GET", "/api/ops/dead-letters?gateway_id=gateway-south", Engineers),
        ("GetDeadLetter", Hidden, "GET", "/api/ops/dead-letters/{letter}", Engineers),
        ("ReplayDeadLetter", Hidden, "POST", "/api/ops/dead-letters/{letter}/replay", Engineers),
        ("ReplayDeadLetters", Untouched, "POST", "/api/ops/dead-letters/replay", Engineers),
        ("ListDeadLetterPurges", LeftOut, "GET", "/api/ops/dead-letters/purges", Engineers),
        ("ListGatewayStates", LeftOut, "GET", "/api/ops/gateways", Readers),
        ("GetGatewayLedger", Hidden, "GET", "/api/ops/gateways/gateway-south/ledger", Readers),
        ("PostReading", Hidden, "POST", "/api/sensors/data", Senders),
        ("PostReadings", Hidden, "POST", "/api/sensors/data/batch", Senders),
        ("PostRollUpRebuild", Hidden, "POST", "/api/ops/roll-ups/rebuild", Engineers),
        ("GetRollUpRebuild", Hidden, "GET", "/api/ops/roll-ups/rebuild/{rebuild}", Engineers),
    ];

    private const long ManyReadings = 1_000_000_000;

    private long letterId;
    private Guid rebuildId;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        letterId = await InsertLetterAsync();
        using var rebuild = await app.SendAsync(
            "admin", HttpMethod.Post, "/api/ops/roll-ups/rebuild", Cancellation, json: BodyOf("PostRollUpRebuild"));
        Assert.Equal(HttpStatusCode.Accepted, rebuild.StatusCode);
        rebuildId = (await rebuild.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("rebuild_id").GetGuid();
    }

    // Others count the same.
    public async ValueTask DisposeAsync() => await app.Database.ExecuteAsync(
        $"""
        DELETE FROM dead_letter WHERE hub = 'foreign';
        DELETE FROM dead_letter_purge WHERE gateway_id = 'gateway-south' AND reason = 'malformed';
        UPDATE gateway_ledger SET sent = sent - {ManyReadings}, dead_lettered = dead_lettered - {ManyReadings}
        WHERE gateway_id = 'gateway-south' AND dead_lettered >= {ManyReadings};
        """,
        CancellationToken.None);

    [Fact]
    public async Task Nothing_of_a_foreign_building_is_seen_or_touched_by_anybody_through_any_function()
    {
        using var services = new ServiceCollection().BuildServiceProvider();
        Assert.Equal(
            new HttpFunctions(services).All.Where(f => !f.Access.IsAnonymous).Select(f => f.Name).Order(StringComparer.Ordinal),
            Table.Select(row => row.Function).Order(StringComparer.Ordinal));

        foreach (var (function, expected, method, path, callers) in Table)
        {
            foreach (var caller in callers)
                await CheckAsync(function, expected, new HttpMethod(method), Fill(path), caller);
        }
    }

    private async Task CheckAsync(string function, string expected, HttpMethod method, string path, string caller)
    {
        using var response = await app.SendAsync(caller, method, path, Cancellation, json: BodyOf(function));
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        switch (expected)
        {
            case Hidden:
                var problem = await ProblemAssert.IsAsync(response, HttpStatusCode.NotFound);
                Assert.DoesNotContain("South", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
                if (method == HttpMethod.Get)
                    Assert.Equal(HttpStatusCode.OK, await StatusAsync("admin", path));
                break;
            case LeftOut when function == "GetIngestRate":
                // It has no names, so South is told by how much it counts.
                await Eventually.TrueAsync(
                    async () => await DeadLetteredAsync("admin", path) >= ManyReadings, TimeSpan.FromSeconds(20), "South's readings are counted", Cancellation);
                Assert.InRange(await DeadLetteredAsync(caller, path), 0, ManyReadings - 1);
                break;
            case LeftOut:
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                Assert.False(IsOfSouth(text), $"{function} as {caller}: {text}");
                Assert.True(IsOfSouth((await app.GetJsonAsync("admin", path, Cancellation)).GetRawText()), $"{function}: nothing of South is there to be left out.");
                break;
            case Untouched:
                Assert.Equal(0, JsonDocument.Parse(text).RootElement.GetProperty("letters").GetInt64());
                Assert.Equal(0, await AttemptsAsync());
                break;
            case OfNoBuilding:
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                Assert.False(IsOfSouth(text), text);
                break;
        }
    }

    private static bool IsOfSouth(string text) =>
        text.Contains(TestCampus.South.ToString(), StringComparison.Ordinal) || text.Contains("gateway-south", StringComparison.Ordinal);

    private static object? BodyOf(string function)
    {
        var reading = new
        {
            sensor_id = TestCampus.Sensor(TestCampus.SouthGround, 0),
            timestamp = TimeProvider.System.GetUtcNow(),
            data = new { temperature = 21 },
        };
        return function switch
        {
            "PostReading" => reading,
            "PostReadings" => new { batch = new[] { reading } },
            "ReplayDeadLetters" => new { gateway_id = "gateway-south" },
            "PostRollUpRebuild" => new { building_id = TestCampus.South, from = "2020-01-01", to = "2020-01-01" },
            _ => null,
        };
    }

    private async Task<HttpStatusCode> StatusAsync(string caller, string path)
    {
        using var response = await app.SendAsync(caller, HttpMethod.Get, path, Cancellation);
        return response.StatusCode;
    }

    private async Task<long> DeadLetteredAsync(string caller, string path) =>
        (await app.GetJsonAsync(caller, path, Cancellation)).GetProperty("dead_lettered_today").GetInt64();

    private async Task<long> InsertLetterAsync()
    {
        await using var command = app.Database.CreateCommand(
            $$"""
            INSERT INTO gateway_ledger AS l (gateway_id, day, events, sent, stored, duplicate, dead_lettered)
            VALUES ('gateway-south', (now() AT TIME ZONE 'UTC')::date, 1, {{ManyReadings}}, 0, 0, {{ManyReadings}})
            ON CONFLICT (gateway_id, day) DO UPDATE SET sent = l.sent + excluded.sent, dead_lettered = l.dead_lettered + excluded.dead_lettered;
            INSERT INTO dead_letter_purge (purged_at, why, gateway_id, reason, was_open, letters, readings, first_received_at, last_received_at)
            VALUES (now(), 'age', 'gateway-south', 'malformed', true, 1, 1, now(), now());
            INSERT INTO dead_letter (hub, partition_id, sequence_number, enqueued_at, gateway_id, reason, detail, readings, content)
            VALUES ('foreign', '0', 1, now(), 'gateway-south', 'unknown sensor', 'none', 1, '{}')
            RETURNING dead_letter_id
            """);
        return (long)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    private async Task<int> AttemptsAsync()
    {
        await using var command = app.Database.CreateCommand("SELECT attempts FROM dead_letter WHERE dead_letter_id = $1");
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = letterId });
        return (int)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    private string Fill(string path) => path
        .Replace("{letter}", $"{letterId}", StringComparison.Ordinal)
        .Replace("{rebuild}", rebuildId.ToString(), StringComparison.Ordinal)
        .Replace("{building}", TestCampus.South.ToString(), StringComparison.Ordinal)
        .Replace("{floor}", TestCampus.SouthGround.ToString(), StringComparison.Ordinal)
        .Replace("{sensor}", TestCampus.Sensor(TestCampus.SouthGround, 0).ToString(), StringComparison.Ordinal);
}
