using Microsoft.Extensions.DependencyInjection;

namespace BuildingMgmt.Functions.Dashboards;

/// <summary>Registration of the dashboards.</summary>
public static class DashboardServices
{
    // A floor holds at most 40,950 points of some 150 bytes. What is larger is not cached, and the default is 1 MiB.
    private const int SnapshotBytesMax = 16 * 1024 * 1024;

    /// <summary>Adds the floor dashboard and its cache. Needs the catalogue and the latest values.</summary>
    public static IServiceCollection AddDashboards(this IServiceCollection services)
    {
        services.AddSettings<DashboardsOptions>("Dashboards");
        services.AddHybridCache(cache => cache.MaximumPayloadBytes = SnapshotBytesMax)
            .AddSerializer<FloorSnapshot, FloorSnapshotSerializer>();
        services.AddMetrics();
        services.AddSingleton<DashboardMeter>();
        return services.AddSingleton<FloorDashboard>();
    }
}
