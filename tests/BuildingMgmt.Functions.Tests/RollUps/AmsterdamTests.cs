using BuildingMgmt.Database;
using BuildingMgmt.Functions.Tests.Ingest;
using BuildingMgmt.Testing;

namespace BuildingMgmt.Functions.Tests.RollUps;

/// <summary>Tests with <see cref="RollUpBuilding"/> in Amsterdam, where it is noon in UTC.</summary>
public abstract class AmsterdamTests(PostgresFixture postgres, AzuriteFixture azurite) : IAsyncLifetime
{
    protected const string Zone = "Europe/Amsterdam";

    protected PostgresFixture Server => postgres;

    protected TestDatabase Database { get; private set; } = null!;

    private protected IngestApp App { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Database = await postgres.CreateDatabaseAsync();
        App = await StartAsync(Database);
        await CatalogueImport.ImportAsync(App.Postgres, RollUpBuilding.In(Zone), CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await App.DisposeAsync();
        await Database.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected Task<IngestApp> StartAsync(TestDatabase database) =>
        IngestApp.StartAsync(database.ConnectionString, azurite.ConnectionString);

    protected async Task RollUpAtAsync(int hour)
    {
        App.Time.SetUtcNow(new DateTimeOffset(2026, 3, 10, hour, 2, 0, TimeSpan.Zero));
        await App.RollUpAsync();
    }

    protected Task StoreAsync(string metric, params (string Time, double Value, string Quality)[] readings) =>
        App.StoreAsync(RollUpBuilding.Of(Zone, [.. readings.Select(reading => RollUpBuilding.Reading(Zone, metric, reading.Time, reading.Value, reading.Quality))]));

    protected Task<string> HoursAsync() => RowsAsync("reading_hourly", "to_char(bucket AT TIME ZONE 'UTC', 'HH24')", "bucket");

    protected Task<string> DaysAsync() => RowsAsync("reading_daily", "day::text", "day");

    private Task<string> RowsAsync(string table, string bucket, string order) => App.QueryAsync($"""
        SELECT metric || ' ' || {bucket} || ' avg ' || coalesce(trim_scale(round(average::numeric, 3))::text, '-') || ' sum ' || coalesce(sum::text, '-')
            || ' of ' || count || ' first ' || coalesce(first::text, '-') || ' last ' || coalesce(last::text, '-') || ' worst ' || worst_quality
            || ' revision ' || revision || coalesce(' ' || reason, '')
        FROM {table} JOIN point USING (point_id) ORDER BY metric, {order}
        """);
}
