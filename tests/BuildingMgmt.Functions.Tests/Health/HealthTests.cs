using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.LocalStack.Processes;
using BuildingMgmt.LocalStack.Setup;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.Health;

[Collection(AppTests.Name)]
public sealed class HealthTests(RunningApp app)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ready_app_names_each_dependency_with_its_latency()
    {
        using var response = await app.SendAsync(null, HttpMethod.Get, "/api/health/ready", Cancellation);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.True(response.Headers.CacheControl!.NoStore);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        Assert.Equal("ready", body.GetProperty("status").GetString());
        var checks = body.GetProperty("checks").EnumerateArray().ToList();
        Assert.Equal(["postgres", "tables", "event_hub"], checks.Select(check => check.GetProperty("name").GetString()));
        Assert.All(checks, check =>
        {
            Assert.Equal("ok", check.GetProperty("status").GetString());
            Assert.InRange(check.GetProperty("latency_ms").GetDouble(), 0, 2000);
        });
    }

    [Fact]
    public async Task App_without_its_dependencies_lives_and_says_what_is_away()
    {
        var address = new Uri($"http://127.0.0.1:{Ports.TakeFree()}");
        var program = Repository.Output("BuildingMgmt.Functions");
        // Nothing listens on these ports.
        var (postgres, tables, hub) = (Ports.TakeFree(), Ports.TakeFree(), Ports.TakeFree());
        await using var process = ServiceProcess.Start(new()
        {
            Name = "lonely app",
            FileName = Executables.Dotnet,
            Arguments = [program],
            WorkingFolder = Path.GetDirectoryName(program),
            EndsWithInput = true,
            Environment = new Dictionary<string, string>
            {
                ["EXIT_WITH_PARENT"] = "1",
                ["ASPNETCORE_URLS"] = address.ToString(),
                ["AzureWebJobsStorage"] =
                    $"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=AAAA;BlobEndpoint=http://127.0.0.1:{tables}/a;TableEndpoint=http://127.0.0.1:{tables}/a;",
                ["EventHubs"] = $"Endpoint=sb://127.0.0.1:{hub};SharedAccessKeyName=key;SharedAccessKey=AAAA;UseDevelopmentEmulator=true;",
                ["Postgres__ConnectionString"] = $"Host=127.0.0.1;Port={postgres};Username=someone;Password=hidden;Database=none",
                ["DurablePostgres"] = $"Host=127.0.0.1;Port={postgres};Username=someone;Password=hidden;Database=none",
                ["Auth__SigningKey"] = app.SigningKey.ExportECPrivateKeyPem(),
            },
        });
        using var http = new HttpClient { BaseAddress = address };
        await Eventually.TrueAsync(() => IsLiveAsync(http), TimeSpan.FromSeconds(30), "the app is live", Cancellation);

        using var response = await http.GetAsync("/api/health/ready", Cancellation);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.NotNull(response.Headers.RetryAfter);
        var text = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.DoesNotContain("hidden", text, StringComparison.Ordinal);
        Assert.DoesNotContain("someone", text, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", text, StringComparison.Ordinal);
        var checks = JsonDocument.Parse(text).RootElement.GetProperty("checks").EnumerateArray();
        Assert.All(checks, check => Assert.Equal("away", check.GetProperty("status").GetString()));

        // What needs the database says so, as a problem.
        using var signIn = await http.PostAsJsonAsync("/api/auth/token", new { username = "viewer", password = "x" }, Cancellation);
        await ProblemAssert.IsAsync(signIn, HttpStatusCode.ServiceUnavailable);
        Assert.NotNull(signIn.Headers.RetryAfter);
    }

    private static async Task<bool> IsLiveAsync(HttpClient http)
    {
        try
        {
            using var response = await http.GetAsync("/api/health/live", Cancellation);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
