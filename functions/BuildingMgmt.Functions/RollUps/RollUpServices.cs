using BuildingMgmt.Functions.Postgres;
using BuildingMgmt.Functions.RollUps.Rebuild;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.RollUps;

/// <summary>Registration of the roll-ups.</summary>
public static class RollUpServices
{
    /// <summary>Adds <see cref="RollUpRun"/>, <see cref="RollUpRebuild"/> and their options. Needs the PostgreSQL pools.</summary>
    public static IServiceCollection AddRollUps(this IServiceCollection services)
    {
        services.AddSettings<RollUpsOptions>("RollUps");
        services.AddMetrics();
        services.AddSingleton<RollUpMeter>();
        services.AddSingleton(provider => new RollUpRun(
            provider.GetRequiredService<PostgresPools>(),
            provider.GetRequiredService<IOptions<RollUpsOptions>>(),
            provider.GetRequiredService<RollUpMeter>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<RollUpRun>>()));
        return services.AddSingleton<RollUpRebuild>();
    }
}
