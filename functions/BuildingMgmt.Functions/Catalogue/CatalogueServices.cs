using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.Functions.Catalogue;

/// <summary>Registration of the catalogue.</summary>
public static class CatalogueServices
{
    /// <summary>Adds <see cref="CatalogueCache"/>, which is kept fresh, and the queries of the API. Needs the PostgreSQL pools.</summary>
    public static IServiceCollection AddCatalogueCache(this IServiceCollection services)
    {
        services.AddSingleton<CatalogueQueries>();
        services.AddSingleton<CatalogueCache>();
        return services.AddHostedService(provider => provider.GetRequiredService<CatalogueCache>());
    }
}
