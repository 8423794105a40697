using BuildingMgmt.Functions.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace BuildingMgmt.Functions.RollUps;

/// <summary>Registration of the roll-ups.</summary>
public static class RollUpServices
{
    /// <summary>Adds <see cref="RollUpRun"/> and its options. Needs the PostgreSQL pools.</summary>
    public static IServiceCollection AddRollUps(this IServiceCollection services)
    {
        services.AddSettings<RollUpsOptions>("RollUps");
        services.AddMetrics();
        services.AddSingleton<RollUpMeter>();
        return services.AddSingleton(provider => new RollUpRun(
            provider.GetRequiredService<PostgresPools>(),
            provider.GetRequiredService<IOptions<RollUpsOptions>>(),
            provider.GetRequiredService<RollUpMeter>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<RollUpRun>>()));
    }
}
