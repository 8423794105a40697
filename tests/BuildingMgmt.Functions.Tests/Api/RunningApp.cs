using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using BuildingMgmt.LocalStack.Apps;
using BuildingMgmt.LocalStack.Storage;
using BuildingMgmt.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Api;

/// <summary>The built app as a process, with real services behind it and <see cref="TestCampus"/> in them.</summary>
public class RunningApp(PostgresFixture postgres) : IAsyncLifetime
{
    private readonly ConcurrentDictionary<string, string> tokens = new();
    private readonly ScratchFolder folder = new();
    private readonly EventHubsFixture eventHubs = new();
    private AzuriteServer? storage;
    private TestDatabase? database;
    private NpgsqlDataSource? source;
    private FunctionAppProcess? process;

    /// <summary>The key that signs the app's tokens.</summary>
    public ECDsa SigningKey { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    public Uri Address => process!.Address;

    public NpgsqlDataSource Database => source!;

    /// <summary>Without a token; follows no redirects and keeps no cookies.</summary>
    public HttpClient Http { get; private set; } = null!;

    /// <summary>What the app has printed.</summary>
    public string LogText => File.ReadAllText(LogPath);

    public string StorageConnectionString => storage!.ConnectionString;

    private string LogPath => folder.File("app.log");

    public virtual async ValueTask InitializeAsync()
    {
        var starting = eventHubs.InitializeAsync();
        // Its own: apps share partitions and checkpoints through their storage.
        storage = await AzuriteServer.StartAsync(
            new() { DataFolder = folder.File("azurite"), AccountKey = Convert.ToBase64String(new byte[64]) }, CancellationToken.None);
        database = await postgres.CreateDatabaseAsync();
        source = NpgsqlDataSource.Create(database.ConnectionString);
        await TestCampus.ImportAsync(source, CancellationToken.None);
        await starting;
        process = await FunctionAppProcess.StartAsync(
            new()
            {
                Name = "app",
                Postgres = database.ConnectionString,
                Storage = storage.ConnectionString,
                EventHubs = eventHubs.ConnectionString,
                SigningKey = SigningKey.ExportECPrivateKeyPem(),
                LogPath = LogPath,
                Settings = new Dictionary<string, string>
                {
                    // The tests fail to sign in on purpose, all from one address.
                    ["Auth__FailuresPerAddressMax"] = "10000",
                    ["Auth__FailuresPerUserMax"] = "5",
                    // More than all tests together send in the name of one caller or from one address, and few enough to be used up by one.
                    ["RateLimits__RequestsPerCallerPerMinute"] = "3000",
                    ["RateLimits__RequestsPerAddressPerMinute"] = "3000",
                    ["Api__AllowedOrigins"] = "https://bi.example.com, https://ops.example.com:8443",
                    // So that a test can come from another address. Without the header the connection's own counts.
                    ["Auth__TrustedProxies"] = "1",
                },
            },
            CancellationToken.None);
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = Address };
    }

    /// <summary>The access token of a user or gateway of <see cref="TestCampus"/>.</summary>
    public async Task<string> TokenOfAsync(string name, CancellationToken cancellationToken)
    {
        if (tokens.TryGetValue(name, out var known))
            return known;
        using var response = await Http.PostAsJsonAsync(
            "/api/auth/token", new { username = name, password = TestCampus.PasswordOf(name) }, cancellationToken);
        Assert.Equal(System.Net.HttpStatusCode.OK, response.StatusCode);
        var body = await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
        return tokens[name] = body.GetProperty("access_token").GetString()!;
    }

    /// <summary>Sends a request as a user or gateway of <see cref="TestCampus"/>; null sends no token.</summary>
    public async Task<HttpResponseMessage> SendAsync(
        string? name,
        HttpMethod method,
        string path,
        CancellationToken cancellationToken,
        object? json = null,
        Action<HttpRequestHeaders>? headers = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (name is not null)
            request.Headers.Authorization = new("Bearer", await TokenOfAsync(name, cancellationToken));
        headers?.Invoke(request.Headers);
        if (json is not null)
            request.Content = json as HttpContent ?? JsonContent.Create(json);
        return await Http.SendAsync(request, cancellationToken);
    }

    /// <summary>GET as a user, which must answer 200 with JSON.</summary>
    public async Task<JsonElement> GetJsonAsync(string name, string path, CancellationToken cancellationToken)
    {
        using var response = await SendAsync(name, HttpMethod.Get, path, cancellationToken);
        Assert.True(response.IsSuccessStatusCode, $"{path}: {(int)response.StatusCode} {await response.Content.ReadAsStringAsync(cancellationToken)}");
        return await response.Content.ReadFromJsonAsync<JsonElement>(cancellationToken);
    }

    public virtual async ValueTask DisposeAsync()
    {
        Http?.Dispose();
        if (process is not null)
            await process.DisposeAsync();
        await eventHubs.DisposeAsync();
        if (storage is not null)
            await storage.DisposeAsync();
        if (source is not null)
            await source.DisposeAsync();
        if (database is not null)
            await database.DisposeAsync();
        SigningKey.Dispose();
        folder.Dispose();
        GC.SuppressFinalize(this);
    }
}
