using System.Globalization;
using System.Text;
using BuildingMgmt.Database;
using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.DeadLetters;
using BuildingMgmt.Functions.Gateways;
using BuildingMgmt.Functions.History;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Functions.LatestValues;
using BuildingMgmt.Functions.Postgres;
using BuildingMgmt.Functions.RollUps;
using BuildingMgmt.Functions.Tests.Api;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Npgsql;

namespace BuildingMgmt.Functions.Tests.Ingest;

/// <summary>The ingest half of the app over given services, with the buildings of <see cref="TestBuilding"/>. Its clock is moved by hand.</summary>
internal sealed class IngestApp : IAsyncDisposable
{
    private readonly ServiceProvider services;
    private readonly Dictionary<HubPartition, long> sequenceNumbers = [];

    private IngestApp(ServiceProvider services, FakeTimeProvider time, string connectionString)
    {
        this.services = services;
        Time = time;
        // No pool: what a test breaks must not break the looking.
        Postgres = NpgsqlDataSource.Create(connectionString + ";Pooling=false");
    }

    public static HubPartition Partition { get; } = new("telemetry", "2");

    public FakeTimeProvider Time { get; }

    /// <summary>What the app has logged.</summary>
    public RecordedLog Log => Get<RecordedLog>();

    public NpgsqlDataSource Postgres { get; }

    public TelemetryIngest Ingest => Get<TelemetryIngest>();

    public static async Task<IngestApp> StartAsync(
        string postgres, string storage, string? tableName = null, params (string Name, string Value)[] settings)
    {
        await using (var source = NpgsqlDataSource.Create(postgres + ";Pooling=false"))
        {
            await CatalogueImport.ImportAsync(source, TestBuilding.Tower, CancellationToken.None);
            await CatalogueImport.ImportAsync(source, TestBuilding.Archive, CancellationToken.None);
        }

        var configuration = new Dictionary<string, string?>
        {
            ["Postgres:ConnectionString"] = postgres,
            ["Postgres:WritePoolSize"] = "4",
            ["LatestValues:ConnectionString"] = storage,
            ["LatestValues:TableName"] = tableName ?? NewTableName(),
        };
        foreach (var (name, value) in settings)
            configuration[name] = value;
        var time = new FakeTimeProvider(TestBuilding.Now);
        var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<RecordedLog>()
            .AddSingleton<ILoggerProvider>(provider => provider.GetRequiredService<RecordedLog>())
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(configuration).Build())
            .AddSingleton<TimeProvider>(time)
            .AddPostgres()
            .AddCatalogueCache()
            .AddLatestValues()
            .AddIngest()
            .AddRollUps()
            .AddDeadLetters()
            .AddGateways()
            .AddHistory()
            .BuildServiceProvider(validateScopes: true);
        return new IngestApp(services, time, postgres);
    }

    public static string NewTableName() => $"latest{Guid.NewGuid():N}";

    public T Get<T>()
        where T : notnull => services.GetRequiredService<T>();

    /// <summary>Makes events as the hub would, with the next sequence numbers.</summary>
    public IncomingEvent[] Events(params string[] bodies) => Events(Partition, [.. bodies.Select(Encoding.UTF8.GetBytes)]);

    public IncomingEvent[] Events(HubPartition partition, params byte[][] bodies)
    {
        var next = sequenceNumbers.GetValueOrDefault(partition);
        sequenceNumbers[partition] = next + bodies.Length;
        return [.. bodies.Select((body, index) => new IncomingEvent(body, null, next + index, TestBuilding.Now.AddSeconds(next + index)))];
    }

    public Task StoreAsync(params IncomingEvent[] events) => Ingest.StoreAsync(events, Partition, CancellationToken.None);

    public Task StoreAsync(params string[] bodies) => StoreAsync(Events(bodies));

    /// <summary>All rows of a query; values joined by blanks, rows by commas.</summary>
    public async Task<string> QueryAsync(string sql)
    {
        await using var command = Postgres.CreateCommand(sql);
        await using var reader = await command.ExecuteReaderAsync();
        var rows = new List<string>();
        while (await reader.ReadAsync())
        {
            rows.Add(string.Join(' ', Enumerable.Range(0, reader.FieldCount).Select(field =>
                Convert.ToString(reader.GetValue(field), CultureInfo.InvariantCulture))));
        }

        return string.Join(", ", rows);
    }

    /// <summary>Readings as sensor/metric time value quality, by sensor, metric and time.</summary>
    public Task<string> ReadingsAsync() => QueryAsync("""
        SELECT sensor || '/' || metric, to_char(time AT TIME ZONE 'UTC', 'MM-DD HH24:MI:SS'), value, quality
        FROM readings ORDER BY sensor_id, metric, time
        """);

    /// <summary>The ledger: gateway events sent=stored+duplicate+dead-lettered.</summary>
    public Task<string> LedgerAsync() => QueryAsync("""
        SELECT gateway_id, events, sent || '=' || stored || '+' || duplicate || '+' || dead_lettered FROM gateway_ledger ORDER BY gateway_id, day
        """);

    /// <summary>Tries all open dead letters again.</summary>
    public async Task<ReplayCounts> ReplayAsync(string? reason = null) =>
        (await Get<DeadLetterReplay>().ReplayAsync(new DeadLetterFilter(null) { Reason = reason, Status = "open" }, 0, "engineer", CancellationToken.None)).Counts;

    /// <summary>A floor's latest values as sensor/metric value quality, by point.</summary>
    public async Task<string> LatestAsync(int floor = 0)
    {
        var stored = await Get<LatestValueTable>().ReadAsync(TestBuilding.Floor(floor), CancellationToken.None);
        if (stored?.Values is not { } values)
            return "missing";
        var catalogue = await Get<CatalogueCache>().GetAsync(CancellationToken.None);
        return string.Join(", ", Enumerable.Range(0, values.Count).Select(index =>
        {
            Assert.True(catalogue.TryGetSensorOfPoint(values[index].PointId, out var sensor));
            var point = sensor.Points.Single(point => point.PointId == values[index].PointId);
            return FormattableString.Invariant($"{sensor.Name}/{point.Metric} {values[index].Value} {(int)values[index].Quality}");
        }));
    }

    /// <summary>Whether the table store says of every floor what PostgreSQL says.</summary>
    public async Task AssertLatestAsync()
    {
        for (var floor = 0; floor < TestBuilding.Tower.Floors.Count; floor++)
        {
            var expected = await QueryAsync($"""
                SELECT DISTINCT ON (point_id) sensor || '/' || r.metric || ' ' || value, CASE quality WHEN 'good' THEN 0 WHEN 'uncertain' THEN 1 WHEN 'bad' THEN 2 ELSE 3 END
                FROM readings r JOIN point p ON p.sensor_id = r.sensor_id AND p.metric = r.metric
                WHERE r.floor = 'floor {floor}' AND r.building = 'Tower'
                ORDER BY point_id, time DESC
                """);
            var actual = await LatestAsync(floor);
            Assert.Equal(expected, actual == "missing" && expected.Length == 0 ? "" : actual);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Postgres.DisposeAsync();
        await services.DisposeAsync();
    }
}
