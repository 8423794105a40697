using System.Net;
using BuildingMgmt.Functions.Tests.Api;

namespace BuildingMgmt.Functions.Tests.Auth;

[Collection(AppTests.Name)]
public sealed class RateLimitTests(RunningApp app)
{
    // The app of these tests allows 3,000 a minute, which is 50 a second.
    private const int Allowed = 3_000;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_counted_answer_says_what_is_allowed_and_what_is_left()
    {
        using var caller = await app.SendAsync("ingest-north", HttpMethod.Get, "/api/buildings", Cancellation);
        AssertCounted(caller, HttpStatusCode.Forbidden, "caller");
        using var anonymous = await app.SendAsync(null, HttpMethod.Get, "/api/.well-known/jwks.json", Cancellation);
        AssertCounted(anonymous, HttpStatusCode.OK, "address");
        using var refused = await app.SendAsync(null, HttpMethod.Get, "/api/buildings", Cancellation, headers: h => h.Authorization = new("Bearer", "none"));
        AssertCounted(refused, HttpStatusCode.Unauthorized, "address");
        using var probe = await app.SendAsync(null, HttpMethod.Get, "/api/health/live", Cancellation);
        Assert.False(probe.Headers.Contains("RateLimit"));
    }

    [Fact]
    public async Task Caller_that_sends_more_than_it_may_waits_and_nobody_else_does()
    {
        var statuses = await FloodAsync("operator-north", "/api/buildings/none", "198.51.100.1");
        Assert.Equal([HttpStatusCode.BadRequest, HttpStatusCode.TooManyRequests], statuses);
        using var another = await app.SendAsync("viewer-north", HttpMethod.Get, "/api/buildings", Cancellation, headers: From("198.51.100.1"));
        Assert.Equal(HttpStatusCode.OK, another.StatusCode);
    }

    [Fact]
    public async Task Address_that_sends_more_than_it_may_waits_but_not_its_callers_and_no_other_address()
    {
        // One /64 of IPv6 is one address, however many it has.
        var statuses = await FloodAsync(null, "/api/nowhere", "[2001:db8::1]", "[2001:db8::2]");
        Assert.Equal([HttpStatusCode.NotFound, HttpStatusCode.TooManyRequests], statuses);
        using var caller = await app.SendAsync("viewer-north", HttpMethod.Get, "/api/buildings", Cancellation, headers: From("[2001:db8::1]"));
        Assert.Equal(HttpStatusCode.OK, caller.StatusCode);
        using var another = await app.SendAsync(null, HttpMethod.Get, "/api/nowhere", Cancellation, headers: From("[2001:db8:0:1::1]"));
        Assert.Equal(HttpStatusCode.NotFound, another.StatusCode);
    }

    // Sends until one is refused, which it must be: far fewer are given back meanwhile than are sent.
    private async Task<HttpStatusCode[]> FloodAsync(string? name, string path, params string[] addresses)
    {
        if (name is not null)
            await app.TokenOfAsync(name, Cancellation);
        var statuses = new HashSet<HttpStatusCode>();
        for (var sent = 0; sent < 10 * Allowed && !statuses.Contains(HttpStatusCode.TooManyRequests);)
        {
            var responses = await Task.WhenAll(Enumerable.Range(sent, 50).Select(number =>
                app.SendAsync(name, HttpMethod.Get, path, Cancellation, headers: From(addresses[number % addresses.Length]))));
            sent += responses.Length;
            foreach (var response in responses)
            {
                if (response.StatusCode == HttpStatusCode.TooManyRequests && statuses.Add(response.StatusCode))
                    await AssertRefusedAsync(response);
                statuses.Add(response.StatusCode);
                response.Dispose();
            }
        }

        return [.. statuses.Order()];
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage response)
    {
        await ProblemAssert.IsAsync(response, HttpStatusCode.TooManyRequests);
        Assert.Equal(1, response.Headers.RetryAfter!.Delta!.Value.TotalSeconds);
        Assert.EndsWith(";r=0;t=1", Assert.Single(response.Headers.GetValues("RateLimit")), StringComparison.Ordinal);
    }

    private static void AssertCounted(HttpResponseMessage response, HttpStatusCode status, string name)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal($"\"{name}\";q=3000;w=60", Assert.Single(response.Headers.GetValues("RateLimit-Policy")));
        Assert.Matches($"^\"{name}\";r=[0-9]+;t=1$", Assert.Single(response.Headers.GetValues("RateLimit")));
    }

    private static Action<System.Net.Http.Headers.HttpRequestHeaders> From(string address) => headers => headers.Add("X-Forwarded-For", address);
}
