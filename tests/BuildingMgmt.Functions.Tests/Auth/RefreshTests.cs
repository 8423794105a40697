using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.Tests.Api;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Auth;

[Collection(AppTests.Name)]
public sealed class RefreshTests(RunningApp app)
{
    private const string User = "refreshing";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_refresh_gives_a_new_pair_with_the_grants_of_now_and_only_hashes_are_stored()
    {
        var first = await SignInAsync();
        await app.Database.ExecuteAsync($"INSERT INTO user_grant (username, role) VALUES ('{User}', 'operator')", Cancellation);
        using var response = await RefreshAsync(first);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True(response.Headers.CacheControl!.NoStore);
        var (access, second) = await ReadAsync(response);
        Assert.NotEqual(first, second);
        Assert.Contains("operator:*", ForgedTokens.Decode(access.Split('.')[1])["grants"]!.ToJsonString(), StringComparison.Ordinal);

        var stored = await ScalarAsync<string>("SELECT refresh_session::text FROM refresh_session WHERE session_id = $1", SessionOf(first));
        foreach (var token in new[] { first, second })
        {
            Assert.DoesNotContain(Convert.ToHexStringLower(SecretOf(token)), stored, StringComparison.Ordinal);
            Assert.Contains(Convert.ToHexStringLower(SHA256.HashData(SecretOf(token))), stored, StringComparison.Ordinal);
            Assert.DoesNotContain(token, app.LogText, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Used_token_ends_its_whole_session_and_no_other()
    {
        var other = await SignInAsync();
        var first = await SignInAsync();
        var second = await RefreshedAsync(first);
        var third = await RefreshedAsync(second);

        // The first is two uses old, so no answer to it can have been lost.
        await RefusedAsync(first);
        await RefusedAsync(third);
        await RefusedAsync(second);
        Assert.Contains($"Ended a session of {User}", app.LogText, StringComparison.Ordinal);
        await RefreshedAsync(other);
    }

    [Fact]
    public async Task Answer_that_was_lost_is_given_again_for_ten_seconds_and_not_after()
    {
        var first = await SignInAsync();
        var second = await RefreshedAsync(first);
        Assert.Equal(second, await RefreshedAsync(first));
        var twins = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RefreshedAsync(second)));
        var third = Assert.Single(twins.Distinct());

        await ElapseAsync(first, "11 seconds");
        await RefusedAsync(second);
        await RefusedAsync(third);
    }

    [Fact]
    public async Task Token_ends_with_its_time_with_sign_out_with_a_new_password_and_with_its_user()
    {
        var late = await SignInAsync();
        await ElapseAsync(late, "14 days");
        await RefusedAsync(late);

        var left = await RefreshedAsync(await SignInAsync());
        for (var attempt = 0; attempt < 2; attempt++)
        {
            using var signedOut = await app.SendAsync(null, HttpMethod.Post, "/api/auth/logout", Cancellation, json: new { refresh_token = left });
            Assert.Equal(HttpStatusCode.NoContent, signedOut.StatusCode);
        }

        await RefusedAsync(left);

        var stolen = await SignInAsync();
        await UserImport.ImportAsync(app.Database, [new UserSpec(User, "another-password", "viewer")], Cancellation);
        await RefusedAsync(stolen);

        var dismissed = await SignInAsync();
        await app.Database.ExecuteAsync($"UPDATE app_user SET active = false WHERE username = '{User}'; UPDATE app_user SET active = true WHERE username = '{User}'", Cancellation);
        await RefusedAsync(dismissed);
    }

    [Fact]
    public async Task Sessions_of_a_user_are_bounded_and_the_oldest_go()
    {
        var oldest = await SignInAsync();
        await app.Database.ExecuteAsync(
            $"""
            INSERT INTO refresh_session (session_id, username, current_hash, rotated_at, expires_at)
            SELECT gen_random_uuid(), '{User}', sha256('none'), now(), now() + interval '1 day' FROM generate_series(1, 60)
            """,
            Cancellation);
        await SignInAsync();
        Assert.Equal(50, await ScalarAsync<long>("SELECT count(*) FROM refresh_session JOIN refresh_session one USING (username) WHERE one.session_id = $1", SessionOf(await SignInAsync())));
        await RefusedAsync(oldest);
    }

    [Fact]
    public async Task What_is_no_token_is_refused_and_a_gateway_gets_none()
    {
        foreach (var text in new[] { "", "hello", new string('A', 64), new string('~', 64), new string('A', 900) })
            await RefusedAsync(text);
        using var absent = await app.SendAsync(null, HttpMethod.Post, "/api/auth/refresh", Cancellation, json: new { });
        await ProblemAssert.IsAsync(absent, HttpStatusCode.BadRequest);
        using var inUrl = await app.SendAsync(null, HttpMethod.Post, $"/api/auth/refresh?refresh_token={await SignInAsync()}", Cancellation, json: new { });
        await ProblemAssert.IsAsync(inUrl, HttpStatusCode.BadRequest, "refresh_token");

        using var gateway = await app.SendAsync(
            null, HttpMethod.Post, "/api/auth/token", Cancellation, json: new { username = "gateway-north", password = TestCampus.GatewaySecret("gateway-north") });
        Assert.False((await gateway.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).TryGetProperty("refresh_token", out _));
    }

    private async Task<string> SignInAsync()
    {
        // Each time the password is the same again, which leaves the sessions as they are.
        await app.Database.ExecuteAsync(
            $"""
            INSERT INTO app_user (username, password_hash) SELECT '{User}', password_hash FROM app_user WHERE username = 'viewer'
            ON CONFLICT (username) DO UPDATE SET password_hash = excluded.password_hash WHERE app_user.password_hash <> excluded.password_hash;
            INSERT INTO user_grant (username, role) VALUES ('{User}', 'viewer') ON CONFLICT DO NOTHING
            """,
            Cancellation);
        using var response = await app.SendAsync(
            null, HttpMethod.Post, "/api/auth/token", Cancellation, json: new { username = User, password = "viewer-password" });
        return (await ReadAsync(response)).Refresh;
    }

    private Task<HttpResponseMessage> RefreshAsync(string token) =>
        app.SendAsync(null, HttpMethod.Post, "/api/auth/refresh", Cancellation, json: new { refresh_token = token });

    private async Task<string> RefreshedAsync(string token)
    {
        using var response = await RefreshAsync(token);
        return (await ReadAsync(response)).Refresh;
    }

    private async Task RefusedAsync(string token)
    {
        using var response = await RefreshAsync(token);
        await ProblemAssert.IsAsync(response, HttpStatusCode.Unauthorized);
    }

    private static async Task<(string Access, string Refresh)> ReadAsync(HttpResponseMessage response)
    {
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        return (body.GetProperty("access_token").GetString()!, body.GetProperty("refresh_token").GetString()!);
    }

    // As if so much time had passed: all that is written of the session lies so much further back.
    private async Task ElapseAsync(string token, string interval) => await app.Database.ExecuteAsync(
        $"""
        UPDATE refresh_session SET rotated_at = rotated_at - interval '{interval}', expires_at = expires_at - interval '{interval}'
        WHERE session_id = '{SessionOf(token)}'
        """,
        Cancellation);

    private async Task<T> ScalarAsync<T>(string sql, Guid sessionId)
    {
        await using var command = app.Database.CreateCommand(sql);
        command.Parameters.Add(new NpgsqlParameter<Guid> { TypedValue = sessionId });
        return (T)(await command.ExecuteScalarAsync(Cancellation))!;
    }

    private static Guid SessionOf(string token) => new(System.Buffers.Text.Base64Url.DecodeFromChars(token).AsSpan(0, 16));

    private static byte[] SecretOf(string token) => System.Buffers.Text.Base64Url.DecodeFromChars(token)[16..];
}
