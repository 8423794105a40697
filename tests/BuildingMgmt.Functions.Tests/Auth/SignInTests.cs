using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using BuildingMgmt.Functions.Tests.Api;

namespace BuildingMgmt.Functions.Tests.Auth;

[Collection(AppTests.Name)]
public sealed class SignInTests(RunningApp app)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Right_password_gives_a_token_for_fifteen_minutes_that_is_not_stored()
    {
        using var response = await SignInAsync("viewer", "viewer-password");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True(response.Headers.CacheControl!.NoStore);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        Assert.Equal("Bearer", body.GetProperty("token_type").GetString());
        Assert.Equal(900, body.GetProperty("expires_in").GetInt32());
        var claims = ForgedTokens.Decode(body.GetProperty("access_token").GetString()!.Split('.')[1]);
        Assert.Equal("viewer", claims["sub"]!.GetValue<string>());
        Assert.Equal("viewer:*", claims["grants"]![0]!.GetValue<string>());
        Assert.Equal(900, claims["exp"]!.GetValue<long>() - claims["iat"]!.GetValue<long>());
    }

    [Fact]
    public async Task Token_can_be_checked_with_the_published_key()
    {
        using var response = await app.SendAsync(null, HttpMethod.Get, "/api/.well-known/jwks.json", Cancellation);
        var key = (await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("keys")[0];
        var parts = (await app.TokenOfAsync("viewer", Cancellation)).Split('.');
        Assert.Equal("ES256", key.GetProperty("alg").GetString());
        Assert.Equal(key.GetProperty("kid").GetString(), ForgedTokens.Decode(parts[0])["kid"]!.GetValue<string>());
        Assert.False(key.TryGetProperty("d", out _));

        using var ecdsa = ECDsa.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP256,
            Q = { X = FromBase64Url(key.GetProperty("x").GetString()!), Y = FromBase64Url(key.GetProperty("y").GetString()!) },
        });
        Assert.True(ecdsa.VerifyData(Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), FromBase64Url(parts[2]), HashAlgorithmName.SHA256));
    }

    [Fact]
    public async Task Unknown_name_and_wrong_password_get_the_same_answer()
    {
        using var unknown = await SignInAsync("nobody-knows", "viewer-password");
        using var wrong = await SignInAsync("operator", "viewer-password");
        using var gateway = await SignInAsync("gateway-north", "viewer-password");
        var expected = await ProblemAssert.IsAsync(unknown, HttpStatusCode.Unauthorized);
        foreach (var response in new[] { wrong, gateway })
        {
            var body = await ProblemAssert.IsAsync(response, HttpStatusCode.Unauthorized);
            Assert.Equal(expected.GetProperty("detail").GetString(), body.GetProperty("detail").GetString());
        }
    }

    [Fact]
    public async Task Name_is_locked_after_too_many_failures_whether_it_exists_or_not()
    {
        // The app of these tests locks a name at the fifth failure.
        await app.Database.ExecuteAsync("INSERT INTO app_user (username, password_hash) VALUES ('forgetful', 'none')", Cancellation);
        foreach (var name in new[] { "forgetful", "nobody-is-called-this" })
        {
            for (var failure = 1; failure <= 5; failure++)
            {
                using var refused = await SignInAsync(name, "wrong");
                await ProblemAssert.IsAsync(refused, HttpStatusCode.Unauthorized);
            }

            using var locked = await SignInAsync(name, "wrong");
            await ProblemAssert.IsAsync(locked, HttpStatusCode.TooManyRequests);
            Assert.InRange(locked.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 300);
        }

        using var other = await SignInAsync("viewer", "viewer-password");
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task Flood_of_sign_ins_is_sent_away_and_does_not_stop_the_rest()
    {
        var token = await app.TokenOfAsync("viewer", Cancellation);
        Assert.NotEmpty(token);
        var flood = Enumerable.Range(0, 60).Select(number => SignInAsync($"flood-{number}", "wrong")).ToList();
        using var meanwhile = await app.SendAsync("viewer", HttpMethod.Get, $"/api/dashboard/floor/{TestCampus.NorthGround}", Cancellation);
        Assert.Equal(HttpStatusCode.OK, meanwhile.StatusCode);

        var statuses = new List<HttpStatusCode>();
        foreach (var attempt in flood)
        {
            using var response = await attempt;
            statuses.Add(response.StatusCode);
            if (response.StatusCode == HttpStatusCode.ServiceUnavailable)
                Assert.NotNull(response.Headers.RetryAfter);
        }

        Assert.Contains(HttpStatusCode.ServiceUnavailable, statuses);
        Assert.All(statuses, status => Assert.True(status is HttpStatusCode.ServiceUnavailable or HttpStatusCode.Unauthorized, status.ToString()));
    }

    [Fact]
    public async Task Inactive_user_and_inactive_gateway_cannot_sign_in()
    {
        await app.Database.ExecuteAsync(
            """
            INSERT INTO app_user (username, password_hash, active) SELECT 'left', password_hash, false FROM app_user WHERE username = 'viewer';
            INSERT INTO gateway (gateway_id, building_id, secret_hash, active) SELECT 'gateway-left', building_id, secret_hash, false FROM gateway WHERE gateway_id = 'gateway-north';
            """,
            Cancellation);
        using var user = await SignInAsync("left", "viewer-password");
        await ProblemAssert.IsAsync(user, HttpStatusCode.Unauthorized);
        using var gateway = await SignInAsync("gateway-left", TestCampus.GatewaySecret("gateway-north"));
        await ProblemAssert.IsAsync(gateway, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task User_and_gateway_of_one_name_both_sign_in()
    {
        await app.Database.ExecuteAsync(
            """
            INSERT INTO app_user (username, password_hash) SELECT 'twin', password_hash FROM app_user WHERE username = 'viewer';
            INSERT INTO user_grant (username, role) VALUES ('twin', 'viewer');
            INSERT INTO gateway (gateway_id, building_id, secret_hash) SELECT 'twin', building_id, secret_hash FROM gateway WHERE gateway_id = 'gateway-north';
            """,
            Cancellation);
        var secret = TestCampus.GatewaySecret("gateway-north");

        Assert.Equal("viewer:*", await GrantAsync("twin", "viewer-password"));
        Assert.Equal($"gateway:{TestCampus.North}", await GrantAsync("twin", secret));
        var reading = new { sensor_id = TestCampus.Sensor(TestCampus.NorthGround, 20), timestamp = TimeProvider.System.GetUtcNow(), data = new { temperature = 21 } };
        using var posted = await app.SendAsync(
            null, HttpMethod.Post, "/api/sensors/data", Cancellation, json: reading,
            headers: headers => headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"twin:{secret}"))));
        Assert.Equal(HttpStatusCode.Accepted, posted.StatusCode);
        using var refused = await SignInAsync("twin", "neither");
        await ProblemAssert.IsAsync(refused, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Neither_passwords_nor_tokens_are_in_the_log()
    {
        var token = await app.TokenOfAsync("admin", Cancellation);
        using var response = await SignInAsync("secret-in-the-name", "secret-in-the-password");
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        var log = app.LogText;
        Assert.DoesNotContain(token, log, StringComparison.Ordinal);
        Assert.DoesNotContain("admin-password", log, StringComparison.Ordinal);
        Assert.DoesNotContain("secret-in-the", log, StringComparison.Ordinal);
    }

    private Task<HttpResponseMessage> SignInAsync(string username, string password) =>
        app.SendAsync(null, HttpMethod.Post, "/api/auth/token", Cancellation, json: new { username, password });

    private async Task<string> GrantAsync(string username, string password)
    {
        using var response = await SignInAsync(username, password);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        return ForgedTokens.Decode(body.GetProperty("access_token").GetString()!.Split('.')[1])["grants"]![0]!.GetValue<string>();
    }

    private static byte[] FromBase64Url(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);
}
