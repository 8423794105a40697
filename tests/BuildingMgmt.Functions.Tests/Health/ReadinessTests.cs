using BuildingMgmt.Functions.Health;
using BuildingMgmt.Functions.LatestValues;
using BuildingMgmt.Functions.Postgres;
using BuildingMgmt.Functions.SensorData;
using BuildingMgmt.Functions.Tests.Api;
using BuildingMgmt.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Health;

/// <summary>Readiness with two databases, of which one stands for a read replica.</summary>
public sealed class ReadinessTests(PostgresFixture postgres, AzuriteFixture azurite, EventHubsFixture eventHubs)
    : IClassFixture<EventHubsFixture>, IAsyncLifetime
{
    private readonly FakeTimeProvider time = new();
    private TestDatabase primary = null!;
    private TestDatabase replica = null!;
    private ServiceProvider services = null!;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        primary = await postgres.CreateDatabaseAsync(Token);
        replica = await postgres.CreateDatabaseAsync(Token);
        services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
            {
                ["Postgres:ConnectionString"] = primary.ConnectionString,
                ["Postgres:ReadConnectionString"] = replica.ConnectionString,
                ["Postgres:ReadPoolSize"] = "1",
                ["Postgres:BatchPoolSize"] = "1",
                ["LatestValues:ConnectionString"] = azurite.ConnectionString,
                ["EventHubs"] = eventHubs.ConnectionString,
            }).Build())
            .AddLogging()
            .AddSingleton<RecordedLog>()
            .AddSingleton<ILoggerProvider>(provider => provider.GetRequiredService<RecordedLog>())
            .AddSingleton<TimeProvider>(time)
            .AddPostgres().AddLatestValues().AddSensorData().AddHealth()
            .BuildServiceProvider();
        await services.GetRequiredService<ApplyMigrations>().StartAsync(Token);
        await services.GetRequiredService<ApplyMigrations>().Applied.WaitAsync(Token);
    }

    public async ValueTask DisposeAsync()
    {
        await services.DisposeAsync();
        await primary.DisposeAsync();
        await replica.DisposeAsync();
    }

    [Fact]
    public async Task Primary_that_is_away_makes_the_app_not_ready_though_the_replica_answers()
    {
        Assert.Equal("postgres ok, postgres_replica ok, tables ok, event_hub ok", await CheckAsync());
        await AllowAsync(primary, false);
        Assert.Equal("postgres away, postgres_replica ok, tables ok, event_hub ok", await CheckAsync());
        await AllowAsync(primary, true);
        await AllowAsync(replica, false);
        Assert.Equal("postgres ok, postgres_replica away, tables ok, event_hub ok", await CheckAsync());
    }

    [Fact]
    public async Task Pools_whose_connections_are_all_busy_do_not_make_a_server_away()
    {
        var pools = services.GetRequiredService<PostgresPools>();
        await using var busyBatch = await pools.Batch.OpenConnectionAsync(Token);
        await using var busyRead = await pools.Read.OpenConnectionAsync(Token);
        Assert.Equal("postgres ok, postgres_replica ok, tables ok, event_hub ok", await CheckAsync());
    }

    [Fact]
    public async Task Going_away_is_a_warning_with_its_cause_and_coming_back_an_event_of_its_own_each_once()
    {
        await AllowAsync(primary, false);
        await CheckAsync();
        await CheckAsync();
        await AllowAsync(primary, true);
        await CheckAsync();
        await CheckAsync();

        var log = services.GetRequiredService<RecordedLog>();
        var away = Assert.Single(log.Of(LogEvents.DependencyAway));
        Assert.Equal(LogLevel.Warning, away.Level);
        Assert.IsAssignableFrom<NpgsqlException>(away.Exception);
        Assert.Equal(LogLevel.Information, Assert.Single(log.Of(LogEvents.DependencyBack)).Level);
    }

    private async Task<string> CheckAsync()
    {
        // An answer is kept for a second.
        time.Advance(TimeSpan.FromSeconds(2));
        var report = await services.GetRequiredService<Readiness>().CheckAsync(Token);
        Assert.Equal(report.Checks.All(check => check.Status == "ok") ? "ready" : "unavailable", report.Status);
        return string.Join(", ", report.Checks.Select(check => $"{check.Name} {check.Status}"));
    }

    private async Task AllowAsync(TestDatabase database, bool connections)
    {
        await using var administrator = NpgsqlDataSource.Create(postgres.Server.AdministratorConnectionString + ";Pooling=false");
        await using var allow = administrator.CreateCommand($"ALTER DATABASE {database.Name} ALLOW_CONNECTIONS {connections}");
        await allow.ExecuteNonQueryAsync(Token);
        await using var end = administrator.CreateCommand(
            $"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{database.Name}' AND NOT {connections}");
        await end.ExecuteNonQueryAsync(Token);
    }
}
