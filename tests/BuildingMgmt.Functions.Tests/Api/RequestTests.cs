using System.Net;
using System.Text;

namespace BuildingMgmt.Functions.Tests.Api;

[Collection(AppTests.Name)]
public sealed class RequestTests(RunningApp app)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Request_id_of_the_caller_is_taken_over()
    {
        using var response = await app.SendAsync(null, HttpMethod.Get, "/api/health/live", Cancellation, headers: h => h.Add("X-Request-Id", "Trace_1.a-b"));
        Assert.Equal("Trace_1.a-b", Assert.Single(response.Headers.GetValues("X-Request-Id")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("a/b")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public async Task Request_id_that_is_not_well_formed_is_replaced(string id)
    {
        using var response = await app.SendAsync(
            null, HttpMethod.Get, "/api/health/live", Cancellation, headers: h => h.TryAddWithoutValidation("X-Request-Id", id));
        var given = Assert.Single(response.Headers.GetValues("X-Request-Id"));
        Assert.NotEqual(id, given);
        Assert.Matches("^[A-Za-z0-9._-]{1,64}$", given);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/api/health/live")]
    [InlineData("/api/buildings")]
    [InlineData("/nowhere")]
    public async Task Every_answer_has_a_request_id_and_forbids_sniffing(string path)
    {
        using var response = await app.SendAsync(null, HttpMethod.Get, path, Cancellation);
        Assert.NotEmpty(Assert.Single(response.Headers.GetValues("X-Request-Id")));
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.False(response.Headers.Contains("Server"));
    }

    [Theory]
    [InlineData("/nowhere")]
    [InlineData("/api")]
    [InlineData("/api/dashboard/floor")]
    [InlineData("/api/buildings/a/b")]
    public async Task Unknown_path_is_404_as_a_problem(string path)
    {
        using var response = await app.SendAsync(null, HttpMethod.Get, path, Cancellation);
        await ProblemAssert.IsAsync(response, HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("POST", "/", "GET")]
    [InlineData("DELETE", "/api/buildings", "GET")]
    [InlineData("PUT", "/api/sensors/data/batch", "POST")]
    [InlineData("GET", "/api/auth/token", "POST")]
    public async Task Wrong_method_is_405_with_what_is_allowed(string method, string path, string allow)
    {
        using var response = await app.SendAsync(null, new HttpMethod(method), path, Cancellation);
        await ProblemAssert.IsAsync(response, HttpStatusCode.MethodNotAllowed);
        Assert.Equal(allow, string.Join(", ", response.Content.Headers.Allow));
    }

    [Theory]
    [InlineData("/api/buildings?colour=red", "colour")]
    [InlineData("/api/buildings?Limit=5", "Limit")]
    [InlineData("/api/buildings?limit=0", "limit")]
    [InlineData("/api/buildings?limit=1001", "limit")]
    [InlineData("/api/buildings?limit=5&limit=6", "limit")]
    [InlineData("/api/buildings?limit=%2B5", "limit")]
    [InlineData("/api/buildings?cursor=abc", "cursor")]
    [InlineData("/api/buildings?cursor=", "cursor")]
    [InlineData("/api/floors?building_id=7", "building_id")]
    [InlineData("/api/sensors?status=lost", "status")]
    [InlineData("/api/sensors?type=", "type")]
    [InlineData("/api/sensors?zone=%00", "zone")]
    [InlineData("/api/floors/7", "floor_id")]
    [InlineData("/api/dashboard/floor/7", "floor_id")]
    [InlineData("/api/dashboard/floor/00000000-0000-0000-0000-000000000000?x=1", "x")]
    [InlineData("/api/ops/ingest?x=1", "x")]
    public async Task Bad_value_is_400_that_names_the_parameter(string path, string parameter)
    {
        using var response = await app.SendAsync("viewer", HttpMethod.Get, path, Cancellation);
        await ProblemAssert.IsAsync(response, HttpStatusCode.BadRequest, parameter);
    }

    [Theory]
    [InlineData("text/plain", "{}", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("application/json", "", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "{", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "[]", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "null", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "{\"username\":\"viewer\"}", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "{\"username\":null,\"password\":\"x\"}", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "{\"username\":\"\\ud800\",\"password\":\"x\"}", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "{\"username\":\"a\\u0000\",\"password\":\"x\"}", HttpStatusCode.BadRequest)]
    [InlineData("application/json", "{\"username\":\"viewer\",\"password\":\"x\",\"role\":\"admin\"}", HttpStatusCode.BadRequest)]
    public async Task Body_that_is_not_what_is_expected_is_a_problem(string contentType, string body, HttpStatusCode status)
    {
        using var content = new StringContent(body, Encoding.UTF8, contentType);
        using var response = await app.SendAsync(null, HttpMethod.Post, "/api/auth/token", Cancellation, json: content);
        await ProblemAssert.IsAsync(response, status);
    }

    [Fact]
    public async Task Body_that_is_too_long_is_413()
    {
        using var content = new StringContent(new string(' ', 1024 * 1024 + 1), Encoding.UTF8, "application/json");
        using var response = await app.SendAsync("ingest", HttpMethod.Post, "/api/sensors/data/batch", Cancellation, json: content);
        await ProblemAssert.IsAsync(response, HttpStatusCode.RequestEntityTooLarge);
    }
}
