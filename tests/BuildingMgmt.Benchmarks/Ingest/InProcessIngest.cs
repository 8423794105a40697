using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Functions.LatestValues;
using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.Benchmarks.Ingest;

/// <summary>The app's own ingest in this process, over given services: what can be measured only from within.</summary>
internal static class InProcessIngest
{
    /// <param name="storage">Of the table store; it is not connected to before something is written.</param>
    public static ServiceProvider Create(string postgres, string storage) => new ServiceCollection()
        .AddLogging()
        .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("Postgres:ConnectionString", postgres),
            new("LatestValues:ConnectionString", storage),
            // Not the system's own table, whose writer is another process.
            new("LatestValues:TableName", "benchmark"),
        ]).Build())
        .AddSingleton(TimeProvider.System)
        .AddPostgres()
        .AddCatalogueCache()
        .AddLatestValues()
        .AddIngest()
        .BuildServiceProvider();

    /// <summary>Event number <paramref name="index"/> of a stream, as the hub would give it.</summary>
    public static IncomingEvent Event(DateTime start, int index, int readingsPerEvent) => new(
        Campus.BatchOf(start, (long)index * readingsPerEvent, readingsPerEvent), null, index, start.AddMilliseconds(index));
}
