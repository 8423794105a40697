using System.Net;
using BuildingMgmt.Functions.Tests.Api;

namespace BuildingMgmt.Functions.Tests.Auth;

[Collection(AppTests.Name)]
public sealed class ResponseHeaderTests(RunningApp app)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("/")]
    [InlineData("/assets/home.js")]
    [InlineData("/api/health/live")]
    [InlineData("/api/.well-known/jwks.json")]
    [InlineData("/api/buildings")]
    [InlineData("/nowhere")]
    public async Task Every_answer_tells_a_browser_to_run_frame_and_pass_on_nothing(string path)
    {
        using var response = await app.SendAsync(null, HttpMethod.Get, path, Cancellation);
        Assert.Equal("nosniff", Header(response, "X-Content-Type-Options"));
        Assert.Equal("DENY", Header(response, "X-Frame-Options"));
        Assert.Equal("no-referrer", Header(response, "Referrer-Policy"));
        Assert.StartsWith("default-src 'none'", Header(response, "Content-Security-Policy"), StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", Header(response, "Content-Security-Policy"), StringComparison.Ordinal);
        // Over plain HTTP it means nothing, and browsers ignore it.
        Assert.False(response.Headers.Contains("Strict-Transport-Security"));
    }

    [Theory]
    [InlineData("https://bi.example.com", true)]
    [InlineData("https://ops.example.com:8443", true)]
    [InlineData("https://ops.example.com", false)]
    [InlineData("http://bi.example.com", false)]
    [InlineData("https://bi.example.com.evil.example", false)]
    [InlineData("null", false)]
    public async Task Page_of_elsewhere_may_call_when_its_origin_is_in_the_settings(string origin, bool may)
    {
        using var answer = await app.SendAsync("viewer", HttpMethod.Get, "/api/buildings", Cancellation, headers: h => h.Add("Origin", origin));
        using var refused = await app.SendAsync(null, HttpMethod.Get, "/api/buildings", Cancellation, headers: h => h.Add("Origin", origin));
        using var preflight = await app.SendAsync(null, HttpMethod.Options, "/api/sensors/data", Cancellation, headers: h =>
        {
            h.Add("Origin", origin);
            h.Add("Access-Control-Request-Method", "POST");
            h.Add("Access-Control-Request-Headers", "authorization,content-type");
        });

        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        Assert.Equal(may ? ["GET", "POST", "PUT", "DELETE"] : [], List(preflight, "Access-Control-Allow-Methods"));
        Assert.Equal(may, List(preflight, "Access-Control-Allow-Headers").Contains("authorization", StringComparer.OrdinalIgnoreCase));
        // Also an error can be read, and what it says of the limit.
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.All([answer, refused], response => Assert.Equal(may, List(response, "Access-Control-Expose-Headers").Contains("RateLimit")));
        Assert.All([answer, refused, preflight], response =>
        {
            Assert.Equal(may ? [origin] : [], List(response, "Access-Control-Allow-Origin"));
            Assert.False(response.Headers.Contains("Access-Control-Allow-Credentials"));
        });
    }

    [Fact]
    public async Task Options_tell_the_methods_of_a_path()
    {
        using var response = await app.SendAsync(null, HttpMethod.Options, "/api/auth/token", Cancellation);
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal("POST", Assert.Single(response.Content.Headers.Allow));
        using var nowhere = await app.SendAsync(null, HttpMethod.Options, "/api/nowhere", Cancellation);
        await ProblemAssert.IsAsync(nowhere, HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Headers_and_bodies_beyond_their_limits_are_refused_and_the_next_request_is_answered()
    {
        using var long431 = await app.SendAsync(null, HttpMethod.Get, "/api/health/live", Cancellation, headers: h => h.Add("X-Long", new string('a', 33 * 1024)));
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, long431.StatusCode);
        using var many431 = await app.SendAsync(null, HttpMethod.Get, "/api/health/live", Cancellation, headers: h =>
        {
            for (var number = 0; number < 65; number++)
                h.Add($"X-Many-{number}", "a");
        });
        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, many431.StatusCode);
        using var long414 = await app.SendAsync(null, HttpMethod.Get, $"/api/health/live?{new string('a', 9 * 1024)}", Cancellation);
        Assert.Equal(HttpStatusCode.RequestUriTooLong, long414.StatusCode);
        using var body = new StringContent($"{{\"refresh_token\":\"{new string('a', 2 * 1024)}\"}}", System.Text.Encoding.UTF8, "application/json");
        using var long413 = await app.SendAsync(null, HttpMethod.Post, "/api/auth/refresh", Cancellation, json: body);
        await ProblemAssert.IsAsync(long413, HttpStatusCode.RequestEntityTooLarge);
        using var next = await app.SendAsync(null, HttpMethod.Get, "/api/health/live", Cancellation);
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Fact]
    public async Task Token_in_a_url_is_not_taken()
    {
        var token = await app.TokenOfAsync("viewer", Cancellation);
        using var response = await app.SendAsync(null, HttpMethod.Get, $"/api/buildings?access_token={token}", Cancellation);
        await ProblemAssert.IsAsync(response, HttpStatusCode.Unauthorized);
        Assert.DoesNotContain(token, await response.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.DoesNotContain(token, app.LogText, StringComparison.Ordinal);
    }

    private static string Header(HttpResponseMessage response, string name) => Assert.Single(response.Headers.GetValues(name));

    private static string[] List(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values)
            ? [.. values.SelectMany(value => value.Split(',', StringSplitOptions.TrimEntries))]
            : [];
}
