using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.Functions.Home;

/// <summary>Registration of what the home page asks for.</summary>
public static class HomeServices
{
    /// <summary>Adds the ingest rates.</summary>
    public static IServiceCollection AddHome(this IServiceCollection services) => services.AddSingleton<IngestRates>();
}
