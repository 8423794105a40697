using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.Pooler;

/// <summary>The server dies and comes back behind a pooler, which accepts connections all the while.</summary>
public sealed class PgBouncerRestartTests : IAsyncLifetime
{
    // A pooler that could not log in waits 15 s before it tries again.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly BreakableServer server = new();
    private readonly PgBouncerFixture pooler;
    private readonly RunningApp app;

    public PgBouncerRestartTests()
    {
        pooler = new(server);
        app = new(pooler);
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task App_is_not_ready_while_the_server_behind_a_pooler_is_away_and_works_when_it_is_back()
    {
        await UntilReadinessIsAsync(HttpStatusCode.OK);
        var before = await BuildingsAsync();

        await server.KillAsync();
        var away = await UntilReadinessIsAsync(HttpStatusCode.ServiceUnavailable);
        await server.RestartAsync();
        await UntilReadinessIsAsync(HttpStatusCode.OK);

        var postgres = away.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("name").GetString() == "postgres");
        Assert.NotEqual("ok", postgres.GetProperty("status").GetString());
        Assert.Equal(before, await BuildingsAsync());
        await Eventually.TrueAsync(
            () => Task.FromResult(app.LogText.Contains("The store of orchestrations answers again", StringComparison.Ordinal)),
            Deadline, "orchestrations go on", Cancellation);
    }

    public async ValueTask InitializeAsync()
    {
        await server.InitializeAsync();
        await pooler.InitializeAsync();
        await app.InitializeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        await pooler.DisposeAsync();
        await server.DisposeAsync();
    }

    private async Task<string> BuildingsAsync() => (await app.GetJsonAsync("viewer", "/api/buildings", Cancellation)).GetRawText();

    private async Task<JsonElement> UntilReadinessIsAsync(HttpStatusCode status)
    {
        JsonElement body = default;
        await Eventually.TrueAsync(
            async () =>
            {
                using var response = await app.SendAsync(null, HttpMethod.Get, "/api/health/ready", Cancellation);
                body = await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
                return response.StatusCode == status;
            },
            Deadline,
            $"readiness answers {status}",
            Cancellation);
        return body;
    }
}
