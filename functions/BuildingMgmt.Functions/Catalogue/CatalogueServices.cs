using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.Functions.Catalogue;

/// <summary>Registration of the catalogue in memory.</summary>
public static class CatalogueServices
{
    /// <summary>Adds <see cref="CatalogueCache"/> and keeps it fresh. Needs the PostgreSQL pools.</summary>
    public static IServiceCollection AddCatalogueCache(this IServiceCollection services)
    {
        services.AddSingleton<CatalogueCache>();
        return services.AddHostedService(provider => provider.GetRequiredService<CatalogueCache>());
    }
}
