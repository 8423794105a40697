using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.Functions.Dashboards;

/// <summary>Registration of the dashboards.</summary>
public static class DashboardServices
{
    /// <summary>Adds the floor dashboard and its cache. Needs the catalogue and the latest values.</summary>
    public static IServiceCollection AddDashboards(this IServiceCollection services)
    {
        services.AddSettings<DashboardsOptions>("Dashboards");
        services.AddHybridCache();
        return services.AddSingleton<FloorDashboard>();
    }
}
