using System.Net;
using BuildingMgmt.Functions.Api;
using BuildingMgmt.Functions.Auth;
using BuildingMgmt.Functions.Tests.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.Functions.Tests.Auth;

/// <summary>Who may call what: every function, with every kind of caller, against a table written by hand.</summary>
[Collection(AppTests.Name)]
public sealed class AccessTests(RunningApp app)
{
    private const string Everyone = "everyone";
    private const string Viewers = "viewers";
    private const string Admins = "admins";
    private const string Senders = "senders";
    private const string Engineers = "engineers";

    // Function, method, path, who may. {none} is the number of nothing, and {n} is North's id (or its floor's or sensor's), which the users "…-north" may see.
    private static readonly (string Function, string Method, string Path, string Who)[] Table =
    [
        ("CreateToken", "POST", "/api/auth/token", Everyone),
        ("RefreshToken", "POST", "/api/auth/refresh", Everyone),
        ("SignOut", "POST", "/api/auth/logout", Everyone),
        ("GetKeySet", "GET", "/api/.well-known/jwks.json", Everyone),
        ("GetLiveness", "GET", "/api/health/live", Everyone),
        ("GetReadiness", "GET", "/api/health/ready", Everyone),
        ("GetHomePage", "GET", "/", Everyone),
        ("GetHomeAsset", "GET", "/assets/home.js", Everyone),
        ("UnknownRoute", "GET", "/api/nowhere", Everyone),
        ("ListBuildings", "GET", "/api/buildings", Viewers),
        ("GetBuilding", "GET", "/api/buildings/{building}", Viewers),
        ("ListFloors", "GET", "/api/floors", Viewers),
        ("GetFloor", "GET", "/api/floors/{floor}", Viewers),
        ("ListSensors", "GET", "/api/sensors", Viewers),
        ("GetSensor", "GET", "/api/sensors/{sensor}", Viewers),
        ("GetFloorDashboard", "GET", "/api/dashboard/floor/{floor}", Viewers),
        ("GetFloorHistory", "GET", "/api/dashboard/floor/{floor}/history", Viewers),
        ("GetIngestRate", "GET", "/api/ops/ingest", Viewers),
        ("GetDashboardCounts", "GET", "/api/ops/dashboards", Admins),
        ("ListDeadLetters", "GET", "/api/ops/dead-letters", Engineers),
        ("GetDeadLetter", "GET", "/api/ops/dead-letters/{none}", Engineers),
        ("ReplayDeadLetter", "POST", "/api/ops/dead-letters/{none}/replay", Engineers),
        ("ReplayDeadLetters", "POST", "/api/ops/dead-letters/replay?unknown", Engineers),
        ("ListDeadLetterPurges", "GET", "/api/ops/dead-letters/purges", Engineers),
        ("ListGatewayStates", "GET", "/api/ops/gateways", Viewers),
        ("GetGatewayLedger", "GET", "/api/ops/gateways/gateway-north/ledger", Viewers),
        ("PostReading", "POST", "/api/sensors/data", Senders),
        ("PostReadings", "POST", "/api/sensors/data/batch", Senders),
        ("PostRollUpRebuild", "POST", "/api/ops/roll-ups/rebuild", Engineers),
        ("GetRollUpRebuild", "GET", $"/api/ops/roll-ups/rebuild/{Missing}", Engineers),
    ];

    // Who may ask for it is told that there is none.
    private const string Missing = "00000000-0000-0000-0000-000000000000";

    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        [Engineers] = ["engineer", "admin", "engineer-north", "admin-north"],
        [Viewers] = ["viewer", "operator", "engineer", "admin", "viewer-north", "operator-north", "engineer-north", "admin-north"],
        [Admins] = ["admin", "admin-north"],
        [Senders] = ["ingest", "engineer", "admin", "ingest-north", "engineer-north", "admin-north", "gateway-north", "gateway-south"],
    };

    private static readonly string[] AllCallers =
    [
        "viewer", "operator", "engineer", "admin", "ingest",
        "viewer-north", "operator-north", "engineer-north", "admin-north", "ingest-north", "gateway-north", "gateway-south",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string, string> Closed() =>
        [.. Table.Where(row => row.Who != Everyone).Select(row => (row.Function, row.Method, row.Path, row.Who))];

    [Fact]
    public void Table_has_every_http_function()
    {
        using var services = new ServiceCollection().BuildServiceProvider();
        Assert.Equal(
            new HttpFunctions(services).All.Select(f => f.Name).Order(StringComparer.Ordinal),
            Table.Select(row => row.Function).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Every_http_function_says_who_may_call_it()
    {
        using var services = new ServiceCollection().BuildServiceProvider();
        Assert.All(new HttpFunctions(services).All, function =>
        {
            var isOpen = Table.Single(row => row.Function == function.Name).Who == Everyone;
            Assert.Equal(isOpen, function.Access.IsAnonymous);
        });
    }

    [Theory]
    [InlineData(typeof(FunctionWithoutRule), nameof(FunctionWithoutRule))]
    [InlineData(typeof(FunctionWithTwoRules), nameof(FunctionWithTwoRules))]
    public void Function_that_does_not_say_who_may_call_it_stops_the_start_by_name(Type type, string name) =>
        Assert.Contains(name, Assert.Throws<InvalidOperationException>(() => HttpFunctions.Read([type])).Message, StringComparison.Ordinal);

    [Theory]
    [MemberData(nameof(Closed))]
    public async Task Without_a_valid_token_the_answer_is_401(string function, string method, string path, string who)
    {
        Assert.NotEqual(Everyone, who);
        foreach (var (kind, authorization) in await ForgedTokens.AllAsync(app, Cancellation))
        {
            using var response = await app.SendAsync(
                null, new HttpMethod(method), InNorth(path), Cancellation, headers: h => h.TryAddWithoutValidation("Authorization", authorization));
            Assert.True(response.StatusCode == HttpStatusCode.Unauthorized, $"{function} with {kind}: {response.StatusCode}");
            Assert.StartsWith("Bearer", response.Headers.WwwAuthenticate.First().ToString(), StringComparison.Ordinal);
        }

        using var nobody = await app.SendAsync(null, new HttpMethod(method), InNorth(path), Cancellation);
        await ProblemAssert.IsAsync(nobody, HttpStatusCode.Unauthorized);
        Assert.StartsWith("Bearer", nobody.Headers.WwwAuthenticate.First().ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Closed))]
    public async Task Roles_decide_who_comes_in(string function, string method, string path, string who)
    {
        foreach (var caller in AllCallers)
        {
            // What changes something gets a request that is refused later, so that nothing is changed.
            using var response = await app.SendAsync(caller, new HttpMethod(method), InNorth(path), Cancellation, json: method == "POST" ? new { } : null);
            if (!Allowed[who].Contains(caller))
                await ProblemAssert.IsAsync(response, HttpStatusCode.Forbidden);
            else
                Assert.True(
                    response.StatusCode == (path.Contains("{none}", StringComparison.Ordinal) || path.EndsWith(Missing, StringComparison.Ordinal) ? HttpStatusCode.NotFound
                        : method == "POST" ? HttpStatusCode.BadRequest : HttpStatusCode.OK),
                    $"{function} as {caller}: {response.StatusCode}");
        }
    }

    private static string InNorth(string path) => path
        .Replace("{none}", "0", StringComparison.Ordinal)
        .Replace("{building}", TestCampus.North.ToString(), StringComparison.Ordinal)
        .Replace("{floor}", TestCampus.NorthGround.ToString(), StringComparison.Ordinal)
        .Replace("{sensor}", TestCampus.Sensor(TestCampus.NorthGround, 0).ToString(), StringComparison.Ordinal);

    private sealed class FunctionWithoutRule
    {
        [Function(nameof(FunctionWithoutRule))]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => _ = request;
    }

    private sealed class FunctionWithTwoRules
    {
        [Function(nameof(FunctionWithTwoRules))]
        [AllowAnonymousAccess]
        [RequiresRole(Roles.Admin)]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => _ = request;
    }
}
