using BuildingMgmt.Functions.Catalogue;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.Ingest;

/// <summary>Registration of ingest.</summary>
public static class IngestServices
{
    /// <summary>Adds <see cref="TelemetryIngest"/> and the rate that it takes in. Needs the PostgreSQL pools, the catalogue and the latest values.</summary>
    public static IServiceCollection AddIngest(this IServiceCollection services)
    {
        services.AddSettings<IngestOptions>("Ingest");
        services.AddSingleton<IValidateOptions<IngestOptions>, FrozenAfterValidation>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<IngestMeter>();
        services.AddSingleton<IngestRates>();
        services.AddHostedService(provider => provider.GetRequiredService<IngestRates>());
        services.AddSingleton<FrozenSessions>();
        services.AddSingleton<ReadingStore>();
        services.AddSingleton<ReadingMonths>();
        services.AddSingleton<SliceLatestValues>();
        return services.AddSingleton(provider => new TelemetryIngest(
            provider.GetRequiredService<CatalogueCache>(),
            provider.GetRequiredService<ReadingMonths>(),
            provider.GetRequiredService<ReadingStore>(),
            provider.GetRequiredService<SliceLatestValues>(),
            provider.GetRequiredService<IngestMeter>(),
            provider.GetRequiredService<IOptions<IngestOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<TelemetryIngest>>()));
    }
}
