using BuildingMgmt.Functions.Catalogue;
using BuildingMgmt.Functions.Health;
using BuildingMgmt.Functions.Ingest;
using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.DeadLetters;

/// <summary>Registration of what is done with dead letters.</summary>
public static class DeadLetterServices
{
    /// <summary>Adds reading, replaying and purging of dead letters. Needs ingest.</summary>
    public static IServiceCollection AddDeadLetters(this IServiceCollection services)
    {
        services.AddSettings<DeadLetterOptions>("DeadLetters");
        services.AddSingleton<DeadLetterQueries>();
        services.AddSingleton<DeadLetterPurge>();
        services.AddSingleton<IHealthNotice, DeadLetterNotice>();
        return services.AddSingleton(provider => new DeadLetterReplay(
            provider.GetRequiredService<PostgresPools>(),
            provider.GetRequiredService<CatalogueCache>(),
            provider.GetRequiredService<ReadingMonths>(),
            provider.GetRequiredService<SliceLatestValues>(),
            provider.GetRequiredService<IOptions<IngestOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<DeadLetterReplay>>()));
    }
}
